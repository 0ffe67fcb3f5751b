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

#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/sink.h"

namespace earthcatalog::answer {

enum class Format : std::uint8_t {
  kNdjson,   ///< an item a line
  kGeojson,  ///< one FeatureCollection
  kIds,      ///< an id a line
  kCount,    ///< the number alone
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
};

/// The writer of a format. `table` must outlive it.
Result<std::unique_ptr<Writer>> make_writer(Format format, const read::TableReader& table, Output output);

}  // namespace earthcatalog::answer
