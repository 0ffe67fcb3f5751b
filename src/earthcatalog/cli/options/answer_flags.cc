#include "earthcatalog/cli/options/answer_flags.h"

#include <arrow/io/interfaces.h>

#include <utility>

#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::cli {
namespace {

// An object that appears when it is closed.
Result<std::shared_ptr<arrow::io::OutputStream>> open_out(storage::Stores& stores, const std::string& place) {
  EC_ASSIGN_OR_RETURN(const auto where, annotate(stores.locate(place), "`out`"));
  if (where.key.empty() || where.key.ends_with('/')) {
    return fail(ErrorKind::kInvalidArgument, "`out`: {} is a folder; name a file in it", where.uri());
  }
  return annotate(where.store->open_output(where.key), "`out`");
}

}  // namespace

void AnswerFlags::add(CLI::App& app) {
  app.add_option("--format", format_, "how items are written (default: table at a terminal, else ndjson)")
      ->check(CLI::IsMember(
          {"ndjson", "geojson", "table", "ids", "uris", "csv", "arrow", "geoparquet", "stac-geoparquet"}));
  app.add_option("--fields", fields_,
                 "parts of an item by commas, -name to leave one out: id,properties.platform,-links");
  app.add_option("--asset", assets_, "with --format uris: the assets of these keys, by commas")->delimiter(',');
  as_path(app.add_option("--out", out_, "a file, path or URI, that appears when it is whole (default: stdout)"));
}

Result<AnswerPlace> AnswerFlags::read(const Session& session, bool count) const {
  const bool shown = session.at_terminal() && out_.empty();
  AnswerPlace place{.format = shown ? answer::Format::kTable : answer::Format::kNdjson, .out = out_};
  if (!format_.empty()) place.format = *answer::parse_format(format_);
  if (count) place.format = answer::Format::kCount;
  if (!fields_.empty()) {
    EC_ASSIGN_OR_RETURN(place.options.fields, answer::ItemFields::parse(fields_));
  }
  place.options.assets = assets_;
  if (!assets_.empty() && place.format != answer::Format::kUris) {
    return fail(ErrorKind::kInvalidArgument, "--asset chooses what --format uris prints");
  }
  if (shown && answer::is_binary(place.format)) {
    return fail(ErrorKind::kInvalidArgument, "--format {} is not for a terminal: give --out, or a pipe", format_);
  }
  return place;
}

Result<search::Found> write_answer(Session& session, storage::Stores& stores, const search::BoundQuery& query,
                                   const search::FindOptions& options, const AnswerPlace& place,
                                   const NextToken& next) {
  std::shared_ptr<arrow::io::OutputStream> out;
  if (!place.out.empty()) {
    EC_ASSIGN_OR_RETURN(out, open_out(stores, place.out));
  }
  const auto output = [&](std::string_view bytes) -> Result<bool> {
    if (out == nullptr) return session.write(bytes);
    const auto written = out->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
    if (!written.ok()) return std::unexpected(storage::from_arrow(written));
    return true;
  };
  EC_ASSIGN_OR_RETURN(const auto writer, answer::make_writer(place.format, query.table, place.options, output));
  EC_TRY(writer->begin());
  EC_ASSIGN_OR_RETURN(auto found, search::find(query, options, *writer));
  EC_TRY(writer->finish({.items = found.items, .next = next(found)}));
  if (const auto note = writer->note(); !note.empty()) session.note(note);
  if (out == nullptr) return found;
  if (const auto closed = out->Close(); !closed.ok()) return std::unexpected(storage::from_arrow(closed));
  if (!session.wants_report(false)) print_err("{} items in {}\n", found.items, place.out);
  return found;
}

}  // namespace earthcatalog::cli
