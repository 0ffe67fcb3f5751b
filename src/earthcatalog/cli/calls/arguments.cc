#include "earthcatalog/cli/calls/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "earthcatalog/config/nearest.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::json;

// A caller gets the report as it is, and has read its configuration itself.
constexpr std::array<std::string_view, 3> kOfTheTerminal = {"help", "config", "report"};

// "h3_resolution" of --h3-resolution, "uri" of a positional URI; empty when a spec has no such member.
std::string member_of(const CLI::Option& option) {
  if (option.get_group().empty()) return {};
  std::string name = option.get_lnames().empty() ? option.get_single_name() : option.get_lnames().front();
  if (std::ranges::find(kOfTheTerminal, name) != kOfTheTerminal.end()) return {};
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

Result<std::string> text_of(const std::string& member, const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return fail(ErrorKind::kInvalidArgument, "`{}`: {} is neither text nor number nor a list of such", member,
              value.dump(-1, ' ', false, json::error_handler_t::replace));
}

class Arguments {
 public:
  Arguments(const CLI::App& command, bool with_format) : command_(command), with_format_(with_format) {}

  Status add(const std::string& member, const json& value) {
    EC_ASSIGN_OR_RETURN(const auto* option, find(member));
    if (value.is_null()) return {};
    if (!value.is_array()) return add_one(*option, member, value);
    if (value.size() > 1 && option->get_expected_max() <= 1) {
      return fail(ErrorKind::kInvalidArgument, "`{}` takes one value, not a list", member);
    }
    for (const auto& element : value) EC_TRY(add_one(*option, member, element));
    return {};
  }

  std::vector<std::string> take() {
    if (!positional_.empty()) named_.emplace_back("--");
    named_.insert(named_.end(), positional_.begin(), positional_.end());
    return std::move(named_);
  }

 private:
  Result<const CLI::Option*> find(const std::string& member) const {
    std::vector<std::string> members;
    for (const auto* option : command_.get_options()) {
      const auto name = member_of(*option);
      if (name == "format" && !with_format_) continue;
      if (name == member) return option;
      if (!name.empty()) members.push_back(name);
    }
    return fail(ErrorKind::kInvalidArgument, "{} has no setting '{}'{}", command_.get_name(), member,
                config::did_you_mean(member, members));
  }

  Status add_one(const CLI::Option& option, const std::string& member, const json& value) {
    EC_ASSIGN_OR_RETURN(auto text, text_of(member, value));
    if (text.empty()) return {};
    if (option.get_lnames().empty()) {
      positional_.push_back(std::move(text));
    } else {
      named_.push_back(fmt::format("--{}={}", option.get_lnames().front(), text));
    }
    return {};
  }

  const CLI::App& command_;
  const bool with_format_;
  std::vector<std::string> named_, positional_;
};

}  // namespace

Result<std::vector<std::string>> arguments_of(const CLI::App& command, std::string_view spec, bool with_format) {
  const auto members = json::parse(spec, nullptr, false);
  if (!members.is_object()) {
    return fail(ErrorKind::kInvalidArgument, "the spec of {} is no JSON object", command.get_name());
  }
  Arguments arguments(command, with_format);
  for (const auto& [member, value] : members.items()) EC_TRY(arguments.add(member, value));
  return arguments.take();
}

}  // namespace earthcatalog::cli
