// The state that one FileWriter keeps for all its files. Internal to this module.
#pragma once

#include "earthcatalog/geoparquet/layout.h"
#include "earthcatalog/geoparquet/writer.h"

namespace earthcatalog::geoparquet {

struct FileWriter::Impl {
  Layout layout;
  WriteOptions options;
  FileProperties properties;
};

}  // namespace earthcatalog::geoparquet
