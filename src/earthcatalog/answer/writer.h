// The formats of an answer: what search::find() hands its items to.
//
//     EC_ASSIGN_OR_RETURN(const auto writer, make_writer(Format::kNdjson, table, {}, output));
//     EC_TRY(writer->begin());
//     EC_ASSIGN_OR_RETURN(const auto found, search::find(query, options, *writer));
//     EC_TRY(writer->finish({.items = found.items}));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/answer/item_fields.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/sink.h"

namespace earthcatalog::answer {

enum class Format : std::uint8_t {
  kNdjson,          ///< an item a line
  kGeojson,         ///< one FeatureCollection
  kIds,             ///< an id a line
  kUris,            ///< the href of an asset a line
  kCsv,             ///< the columns of the table; geometry as GeoJSON
  kTable,           ///< some columns, aligned, for people
  kArrow,           ///< the columns of the table as an IPC stream
  kGeoparquet,      ///< the same as a GeoParquet file
  kStacGeoparquet,  ///< https://github.com/stac-utils/stac-geoparquet: assets, links and bbox as structs
  kCount,           ///< the number alone
};
std::optional<Format> parse_format(std::string_view name);
/// True when the bytes are none for a terminal.
bool is_binary(Format format);

struct WriterOptions {
  ItemFields fields;                        ///< of all formats but ids, uris and count
  std::vector<std::string> assets;          ///< of uris: only those of these keys; none: all
  std::string scratch_folder = "/var/tmp";  ///< of stac-geoparquet: all items wait there for their schema
};

/// Takes the next bytes of an answer. False: nobody takes more.
using Output = std::function<Result<bool>(std::string_view bytes)>;

/// The end of an answer.
struct Ending {
  std::int64_t items = 0;
  std::optional<std::string> next = {};  ///< the token of the next page
};

class Writer : public search::Sink {
 public:
  virtual Status begin() { return {}; }
  virtual Status finish(const Ending& ending) = 0;
  /// After finish(): a sentence on what the format could not hold; empty: it holds all.
  virtual std::string note() const { return {}; }
};

/// Returns the writer of a format. `table` must outlive it.
Result<std::unique_ptr<Writer>> make_writer(Format format, const read::TableReader& table, const WriterOptions& options,
                                            Output output);

}  // namespace earthcatalog::answer
