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

void AnswerFlags::add(CLI::App& app, const std::vector<std::string>& formats) {
  app.add_option("--format", chosen_, "how items are written (default: table at a terminal, else ndjson)")
      ->check(CLI::IsMember(formats));
  app.add_option("--fields", fields_,
                 "parts of an item by commas, -name to leave one out: id,properties.platform,-links");
  app.add_option("--asset", assets_, "with --format uris: the assets of these keys, by commas")->delimiter(',');
  as_path(app.add_option("--out", out_, "a file, path or URI, that appears when it is whole (default: stdout)"));
}

Status AnswerFlags::check(const Session& session) {
  const bool shown = session.at_terminal() && out_.empty();
  if (format_ != answer::Format::kCount) {
    format_ =
        chosen_.empty() ? shown ? answer::Format::kTable : answer::Format::kNdjson : *answer::parse_format(chosen_);
  }
  if (!fields_.empty()) {
    EC_ASSIGN_OR_RETURN(options_.fields, answer::ItemFields::parse(fields_));
  }
  options_.assets = assets_;
  if (!assets_.empty() && format_ != answer::Format::kUris) {
    return fail(ErrorKind::kInvalidArgument, "--asset chooses what --format uris prints");
  }
  if (shown && answer::is_binary(format_)) {
    return fail(ErrorKind::kInvalidArgument, "--format {} is not for a terminal: give --out, or a pipe", chosen_);
  }
  return {};
}

Result<search::Found> AnswerFlags::write(
    Session& session, storage::Stores& stores, const read::TableReader& table, const Search& search,
    const std::function<std::optional<std::string>(const search::Found&)>& next) const {
  std::shared_ptr<arrow::io::OutputStream> out;
  if (!out_.empty()) {
    EC_ASSIGN_OR_RETURN(out, open_out(stores, out_));
  }
  const auto output = [&](std::string_view bytes) -> Result<bool> {
    if (out == nullptr) return session.write(bytes);
    const auto written = out->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
    if (!written.ok()) return std::unexpected(storage::from_arrow(written));
    return true;
  };
  EC_ASSIGN_OR_RETURN(const auto writer, answer::make_writer(format_, table, options_, output));
  EC_TRY(writer->begin());
  EC_ASSIGN_OR_RETURN(auto found, search(*writer));
  EC_TRY(writer->finish({.items = found.items, .next = next(found)}));
  if (out == nullptr) return found;
  if (const auto closed = out->Close(); !closed.ok()) return std::unexpected(storage::from_arrow(closed));
  if (!session.wants_report(false)) print_err("{} items in {}\n", found.items, out_);
  return found;
}

}  // namespace earthcatalog::cli
