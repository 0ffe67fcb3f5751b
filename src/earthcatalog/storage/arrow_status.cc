#include "earthcatalog/storage/arrow_status.h"

#include <arrow/util/io_util.h>

#include <memory>

#include "earthcatalog/storage/errno_kind.h"

namespace earthcatalog::storage {
namespace {

constexpr const char* kDetailType = "earthcatalog::Error";

class KindDetail : public arrow::StatusDetail {
 public:
  explicit KindDetail(ErrorKind kind) : kind_(kind) {}
  const char* type_id() const override { return kDetailType; }
  std::string ToString() const override { return std::string(to_string(kind_)); }
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace

arrow::Status to_arrow(const Error& error) {
  const auto code = error.kind == ErrorKind::kInvalidArgument || error.kind == ErrorKind::kInvalidData
                        ? arrow::StatusCode::Invalid
                        : arrow::StatusCode::IOError;
  return arrow::Status(code, error.message, std::make_shared<KindDetail>(error.kind));
}

Error from_arrow(const arrow::Status& status) {
  const auto& detail = status.detail();
  if (detail && std::string_view(detail->type_id()) == kDetailType) {
    return Error{static_cast<const KindDetail&>(*detail).kind(), status.message()};
  }
  ErrorKind kind = ErrorKind::kIOError;
  if (status.IsInvalid() || status.IsTypeError() || status.IsSerializationError()) kind = ErrorKind::kInvalidData;
  if (status.IsNotImplemented()) kind = ErrorKind::kUnsupported;
  if (status.IsCancelled()) kind = ErrorKind::kCancelled;
  if (status.IsAlreadyExists()) kind = ErrorKind::kAlreadyExists;
  if (status.IsIOError()) kind = kind_of_errno(arrow::internal::ErrnoFromStatus(status)).value_or(kind);
  return Error{kind, status.message()};
}

}  // namespace earthcatalog::storage
