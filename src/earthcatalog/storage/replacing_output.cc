#include "earthcatalog/storage/replacing_output.h"

#include "earthcatalog/storage/output_stream.h"

namespace earthcatalog::storage {
namespace {

class ReplacingOutput final : public StoreOutput {
 public:
  ReplacingOutput(Location where, ReplacingOptions options) : where_(std::move(where)), options_(std::move(options)) {}
  ~ReplacingOutput() override { abandon(); }

 private:
  Status append(std::string_view bytes) override {
    if (!stream_ && static_cast<std::int64_t>(gathered_.size() + bytes.size()) <= options_.gather_bytes) {
      gathered_.append(bytes);
      return {};
    }
    if (!stream_) {
      EC_ASSIGN_OR_RETURN(stream_, where_.store->open_output(where_.key));
      EC_TRY(write(gathered_));
      gathered_ = std::string();
    }
    return write(bytes);
  }

  Status write(std::string_view bytes) {
    const auto status = stream_->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
    return status.ok() ? Status{} : std::unexpected(from_arrow(status));
  }

  Status finish() override {
    if (!stream_ && where_.store->capabilities().conditional_put) {
      EC_ASSIGN_OR_RETURN(const auto put, options_.etag_before
                                              ? where_.store->put_if_match(where_.key, gathered_, *options_.etag_before)
                                              : where_.store->put_if_absent(where_.key, gathered_));
      return put.stored ? Status{} : conflict();
    }
    EC_ASSIGN_OR_RETURN(const auto now, where_.store->head(where_.key));
    if ((now ? std::optional(now->etag) : std::nullopt) != options_.etag_before) return conflict();
    if (!stream_) {
      EC_TRY(where_.store->put(where_.key, gathered_));
    } else if (const auto status = stream_->Close(); !status.ok()) {
      return std::unexpected(from_arrow(status));
    }
    return where_.store->make_durable();
  }

  Status conflict() const {
    return fail(ErrorKind::kConflict, "{} was written by somebody else meanwhile; run again", where_.uri());
  }

  void discard() override {
    stream_.reset();
    gathered_ = std::string();
  }

  Location where_;
  ReplacingOptions options_;
  std::string gathered_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
};

}  // namespace

std::shared_ptr<arrow::io::OutputStream> open_replacing(Location where, ReplacingOptions options) {
  return std::make_shared<ReplacingOutput>(std::move(where), std::move(options));
}

}  // namespace earthcatalog::storage
