// A grid that the program brings which runs a command: a partitioner written in Python.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::cli {

struct CallersGrid {
  std::shared_ptr<const grid::Partitioner> partitioner;
  std::string name;               ///< grid::GridSpec::python
  std::optional<int> resolution;  ///< of a partitioner that has one

  catalog::GridRequest request() const {
    return {.type = "python", .resolution = resolution, .boundaries_path = {}, .id_field = {}, .python = name};
  }
};

}  // namespace earthcatalog::cli
