#include "earthcatalog/answer/globe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "earthcatalog/grid/h3_boundary.h"
#include "earthcatalog/grid/sphere.h"

namespace earthcatalog::answer {
namespace {

using grid::Vec3;

constexpr double kRadius = 300, kMargin = 20;

// One side of the globe, seen from far away (orthographic projection).
class Side {
 public:
  Side(const Vec3& middle, double x) : middle_(middle), x_(x) {
    const Vec3 north{0, 0, 1};
    east_ = grid::length(grid::cross(north, middle)) > 1e-9 ? grid::unit(grid::cross(north, middle)) : Vec3{0, 1, 0};
    up_ = grid::cross(middle_, east_);
  }

  bool sees(const Vec3& point) const { return grid::dot(point, middle_) > 0; }

  // A point that the globe hides is drawn at its rim.
  std::string place(const Vec3& point) const {
    double x = grid::dot(point, east_), y = grid::dot(point, up_);
    const double far = std::hypot(x, y);
    if (!sees(point) && far > 0) x /= far, y /= far;
    return fmt::format("{:.1f},{:.1f}", x_ + kRadius * x, kMargin + kRadius - kRadius * y);
  }

  void append_disk(std::string& svg) const {
    fmt::format_to(std::back_inserter(svg),
                   R"(<circle cx="{}" cy="{}" r="{}" fill="#eef3f7" stroke="#9ab"/>)"
                   "\n",
                   x_, kMargin + kRadius, kRadius);
  }

  void append_line(const std::vector<Vec3>& points, std::string& svg) const {
    std::string line;
    const auto end = [&] {
      if (!line.empty())
        fmt::format_to(std::back_inserter(svg),
                       R"(<polyline points="{}"/>)"
                       "\n",
                       line);
      line.clear();
    };
    for (const auto& point : points) {
      if (sees(point)) {
        line += place(point) + " ";
      } else {
        end();
      }
    }
    end();
  }

  void append_cell(const std::vector<Vec3>& outline, const std::string& color, const std::string& title,
                   std::string& svg) const {
    if (std::ranges::none_of(outline, [&](const Vec3& point) { return sees(point); })) return;
    std::string points;
    for (const auto& point : outline) points += place(point) + " ";
    fmt::format_to(std::back_inserter(svg),
                   R"(<polygon points="{}" fill="{}"><title>{}</title></polygon>)"
                   "\n",
                   points, color, title);
  }

 private:
  Vec3 middle_, east_, up_;
  double x_;
};

// From few to many: yellow, orange, red, dark.
std::string color_of(double share) {
  constexpr std::array<std::array<double, 3>, 4> kColors = {
      {{255, 237, 160}, {254, 178, 76}, {240, 59, 32}, {100, 0, 30}}};
  const double at = std::clamp(share, 0.0, 1.0) * (kColors.size() - 1);
  const auto first = std::min(static_cast<std::size_t>(at), kColors.size() - 2);
  const double part = at - static_cast<double>(first);
  const auto mixed = [&](std::size_t i) {
    return std::lround(kColors[first][i] * (1 - part) + kColors[first + 1][i] * part);
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mixed(0), mixed(1), mixed(2));
}

std::vector<std::vector<Vec3>> graticule() {
  constexpr int kLines = 30, kStep = 2;  // degrees
  std::vector<std::vector<Vec3>> lines;
  for (int lon = -180; lon < 180; lon += kLines) {
    auto& line = lines.emplace_back();
    for (int lat = -90; lat <= 90; lat += kStep) line.push_back(grid::to_vector({double(lon), double(lat)}));
  }
  for (int lat = -60; lat <= 60; lat += kLines) {
    auto& line = lines.emplace_back();
    for (int lon = -180; lon <= 180; lon += kStep) line.push_back(grid::to_vector({double(lon), double(lat)}));
  }
  return lines;
}

struct Shape {
  std::vector<Vec3> outline;
  std::string name;
  std::int64_t rows;
};

}  // namespace

Result<std::string> globe_svg(const CellRows& cells) {
  std::vector<Shape> shapes;
  Vec3 sum{1e-9, 0, 0};
  std::int64_t most = 1;
  for (const auto& [name, rows] : cells) {
    auto boundary = grid::h3_boundary(name);
    if (!boundary)
      return fail(ErrorKind::kUnsupported, "`map` draws the cells of an H3 grid; {}", boundary.error().message);
    auto& shape = shapes.emplace_back(Shape{.outline = {}, .name = name, .rows = rows});
    for (const auto& vertex : *boundary) {
      shape.outline.push_back(grid::to_vector(vertex));
      sum = sum + static_cast<double>(rows) / static_cast<double>(boundary->size()) * shape.outline.back();
    }
    most = std::max(most, rows);
  }
  const Vec3 middle = grid::unit(sum);
  const double width = 4 * kRadius + 3 * kMargin, height = 2 * kRadius + 2 * kMargin;
  auto svg = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}">)"
                         "\n",
                         width, height);
  const std::array sides = {Side(middle, kMargin + kRadius), Side(-1 * middle, 2 * kMargin + 3 * kRadius)};
  for (const auto& side : sides) {
    side.append_disk(svg);
    svg += R"(<g stroke="#fff" stroke-width="0.3">)"
           "\n";
    for (const auto& shape : shapes) {
      const double share = std::log1p(static_cast<double>(shape.rows)) / std::log1p(static_cast<double>(most));
      side.append_cell(shape.outline, color_of(share), fmt::format("{}: {} rows", shape.name, shape.rows), svg);
    }
    svg +=
        "</g>\n"
        R"(<g fill="none" stroke="#789" stroke-opacity="0.35" stroke-width="0.5">)"
        "\n";
    for (const auto& line : graticule()) side.append_line(line, svg);
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace earthcatalog::answer
