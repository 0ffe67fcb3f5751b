#include "earthcatalog/storage/output_stream.h"

namespace earthcatalog::storage {
namespace {

class GatheringOutput final : public StoreOutput {
 public:
  explicit GatheringOutput(std::function<Status(std::string)> store) : store_(std::move(store)) {}
  ~GatheringOutput() override { abandon(); }

 private:
  Status append(std::string_view bytes) override {
    bytes_.append(bytes);
    return {};
  }
  Status finish() override { return store_(std::move(bytes_)); }
  void discard() override { bytes_.clear(); }

  std::function<Status(std::string)> store_;
  std::string bytes_;
};

}  // namespace

arrow::Status StoreOutput::Write(const void* data, int64_t size) {
  if (state_ == State::kClosed) return arrow::Status::Invalid("write to a closed stream");
  if (state_ == State::kFailed) return to_arrow(failure_);
  const Status status = append({static_cast<const char*>(data), static_cast<std::size_t>(size)});
  if (!status) {
    state_ = State::kFailed;
    failure_ = status.error();
    return to_arrow(failure_);
  }
  position_ += size;
  return arrow::Status::OK();
}

arrow::Status StoreOutput::Close() {
  if (state_ == State::kClosed) return arrow::Status::OK();
  const bool failed = state_ == State::kFailed;
  state_ = State::kClosed;
  if (failed) {
    discard();
    return to_arrow(failure_);
  }
  const Status status = finish();
  if (!status) discard();
  return to_arrow(status);
}

arrow::Status StoreOutput::Abort() {
  abandon();
  return arrow::Status::OK();
}

void StoreOutput::abandon() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  discard();
}

std::unexpected<Error> already_there(std::string_view uri) {
  return fail(ErrorKind::kAlreadyExists, "writing {}: another object has that name, and stays", uri);
}

std::shared_ptr<arrow::io::OutputStream> make_gathering_output(std::function<Status(std::string)> store) {
  return std::make_shared<GatheringOutput>(std::move(store));
}

}  // namespace earthcatalog::storage
