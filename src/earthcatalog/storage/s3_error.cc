// What S3 says when it says no: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "earthcatalog/storage/s3_request.h"

namespace earthcatalog::storage {
namespace {

constexpr std::size_t kMaxErrorBody = 64 << 10;  // a larger body is no error document, and is not parsed

std::string code_of(int status) {
  switch (status) {
    case 301:
      return "PermanentRedirect";
    case 307:
      return "TemporaryRedirect";
    case 400:
      return "BadRequest";
    case 401:
      return "Unauthorized";
    case 403:
      return "AccessDenied";
    case 404:
      return "NoSuchKey";
    case 405:
      return "MethodNotAllowed";
    case 408:
      return "RequestTimeout";
    case 409:
      return "Conflict";
    case 412:
      return "PreconditionFailed";
    case 416:
      return "InvalidRange";
    case 429:
      return "TooManyRequests";
    case 500:
      return "InternalError";
    case 501:
      return "NotImplemented";
    case 502:
      return "BadGateway";
    case 503:
      return "ServiceUnavailable";
    case 504:
      return "GatewayTimeout";
    default:
      return "UnexpectedStatus";
  }
}

// <Error> as the root, or inside <ErrorResponse>.
pugi::xml_node error_node(const pugi::xml_document& document) {
  const pugi::xml_node root = document.document_element();
  const std::string_view name = root.name();
  if (name == "Error") return root;
  return name == "ErrorResponse" ? root.child("Error") : pugi::xml_node();
}

template <std::size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::string remedy(const S3Error& error) {
  const std::string_view code = error.code;
  if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || code == "InvalidToken") {
    return "check the access key, secret and session token, or pass `anonymous` for a public bucket";
  }
  if (code == "ExpiredToken" || code == "TokenRefreshRequired") return "the credentials have expired: log in again";
  if (code == "RequestTimeTooSkewed") return "set the clock of this machine";
  if (code == "InvalidObjectState") return "the object is archived: restore it first";
  if (code == "NoSuchBucket") return "check the bucket's name and the endpoint";
  if (code == "NotImplemented") return "this server cannot do what was asked";
  if (error.status == 301 || error.status == 307 || code == "AuthorizationHeaderMalformed") {
    return error.region.empty() ? "pass `region` with the bucket's region" : "pass `region` " + error.region;
  }
  if (error.status == 401 || error.status == 403) {
    return "sign requests with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or `profile`, pass `anonymous` for a public "
           "bucket, or `request_payer` where the requester pays";
  }
  if (is_transient(error)) return "the server asks for patience: try again later";
  return "";
}

}  // namespace

S3Error parse_s3_error(int status, std::string_view body, std::string_view request_id_header,
                       std::string_view region_header) {
  S3Error error{.status = status,
                .code = {},
                .message = {},
                .request_id = std::string(request_id_header),
                .region = std::string(region_header)};
  pugi::xml_document document;
  if (body.size() <= kMaxErrorBody && document.load_buffer(body.data(), body.size())) {
    const pugi::xml_node node = error_node(document);
    error.code = node.child_value("Code");
    error.message = node.child_value("Message");
    if (error.request_id.empty()) error.request_id = node.child_value("RequestId");
    if (error.region.empty()) error.region = node.child_value("Region");
  }
  if (error.code.empty()) error.code = code_of(status);
  return error;
}

bool is_error_document(std::string_view body) {
  if (body.size() > kMaxErrorBody || body.find("Error>") == body.npos) return false;
  pugi::xml_document document;
  return document.load_buffer(body.data(), body.size()) && error_node(document).child("Code");
}

std::string describe(const S3Error& error) {
  std::string text = fmt::format("{} {}", error.status, error.code);
  if (!error.request_id.empty()) text += fmt::format(" (request id {})", error.request_id);
  if (!error.message.empty()) {
    std::string_view message = error.message;
    if (message.ends_with('.')) message.remove_suffix(1);
    text += fmt::format(": {}", message);
  }
  if (const std::string help = remedy(error); !help.empty()) text += fmt::format("; {}", help);
  return text;
}

bool is_transient(const S3Error& error) {
  static constexpr std::array<std::string_view, 8> kCodes = {
      "SlowDown",   "InternalError",       "ServiceUnavailable", "RequestTimeout",
      "Throttling", "ThrottlingException", "IncompleteBody",     "RequestLimitExceeded"};
  switch (error.status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
    case 509:
      return true;
    default:
      return is_one_of(error.code, kCodes);
  }
}

ErrorKind kind_of(const S3Error& error) {
  if (is_transient(error)) return ErrorKind::kUnavailable;
  switch (error.status) {
    case 401:
    case 403:
      return ErrorKind::kPermissionDenied;
    case 404:
      return ErrorKind::kNotFound;
    case 405:
    case 501:
      return ErrorKind::kUnsupported;
    case 409:
    case 412:
      return ErrorKind::kConflict;
    default:
      break;
  }
  static constexpr std::array<std::string_view, 4> kCredentialCodes = {"ExpiredToken", "InvalidToken",
                                                                       "TokenRefreshRequired", "AccessDenied"};
  return is_one_of(error.code, kCredentialCodes) ? ErrorKind::kPermissionDenied : ErrorKind::kIOError;
}

}  // namespace earthcatalog::storage
