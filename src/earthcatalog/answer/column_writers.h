// Formats that are columns. Internal to the module.
#pragma once

#include <memory>

#include "earthcatalog/answer/writer.h"

namespace earthcatalog::answer {

std::unique_ptr<Writer> make_arrow(const read::TableReader& table, const ItemFields& fields, Output output);
std::unique_ptr<Writer> make_geoparquet(const read::TableReader& table, const ItemFields& fields, Output output);
std::unique_ptr<Writer> make_stac_geoparquet(const read::TableReader& table, const WriterOptions& options,
                                             Output output);

}  // namespace earthcatalog::answer
