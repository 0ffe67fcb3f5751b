// The base of the stores' output streams: position, a state that a failed write ends, and no object without Close().
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <functional>
#include <string>
#include <string_view>

#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::storage {

/// A derived class says what happens to bytes; its destructor must call `abandon()`.
class StoreOutput : public arrow::io::OutputStream {
 public:
  arrow::Status Write(const void* data, int64_t size) final;
  arrow::Status Write(const std::shared_ptr<arrow::Buffer>& data) final { return Write(data->data(), data->size()); }
  /// The object appears. After a failed write it does not, and the error comes again.
  arrow::Status Close() final;
  arrow::Status Abort() final;
  arrow::Result<int64_t> Tell() const final { return position_; }
  bool closed() const final { return state_ == State::kClosed; }

 protected:
  virtual Status append(std::string_view bytes) = 0;
  virtual Status finish() = 0;
  virtual void discard() = 0;
  void abandon();

 private:
  enum class State { kOpen, kFailed, kClosed };
  State state_ = State::kOpen;
  Error failure_;
  int64_t position_ = 0;
};

/// The error of a write with Existing::kRefuse.
std::unexpected<Error> already_there(std::string_view uri);

/// Gathers everything in memory and hands it over at Close().
std::shared_ptr<arrow::io::OutputStream> make_gathering_output(std::function<Status(std::string)> store);

}  // namespace earthcatalog::storage
