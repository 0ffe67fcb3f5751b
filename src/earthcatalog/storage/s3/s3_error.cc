// Explains S3's refusals: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "earthcatalog/storage/s3/s3_request.h"

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

bool is_write(const HttpRequest& sent) { return sent.method != "GET" && sent.method != "HEAD"; }

// The keys themselves are not right: `what` is to be done about them.
std::string keys_remedy(std::string_view what, const HttpRequest& sent) {
  return fmt::format("{}{}", what, is_write(sent) ? "" : ", or pass `anonymous` for a public bucket");
}

std::string permission_remedy(const HttpRequest& sent) {
  if (!sent.is_signed) {
    return fmt::format(
        "the request was not signed: {}set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or pass `profile`",
        sent.is_anonymous ? "leave `anonymous` out, and " : "");
  }
  if (is_write(sent)) {
    return "these keys may not write here: give them the right to (s3:PutObject, s3:DeleteObject), or sign with others "
           "(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile`)";
  }
  return fmt::format(
      "these keys may not read this: give them the right to (s3:GetObject, s3:ListBucket), sign with others "
      "(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile`), or pass `anonymous` for a public bucket{}",
      sent.requester_pays ? "" : ", `request_payer` where the requester pays");
}

std::string region_remedy(const S3Error& error, const HttpRequest& sent) {
  const auto asked = sent.region.empty() ? "" : fmt::format("the bucket is not in {}: ", sent.region);
  return asked + (error.region.empty() ? "pass `region` with the bucket's region" : "pass `region` " + error.region);
}

std::string remedy(const S3Error& error, const HttpRequest& sent) {
  const std::string_view code = error.code;
  if (code == "InvalidAccessKeyId") {
    return keys_remedy("the server knows no such access key: check AWS_ACCESS_KEY_ID or `profile`", sent);
  }
  if (code == "SignatureDoesNotMatch") {
    return keys_remedy("the secret does not fit the access key: check AWS_SECRET_ACCESS_KEY or `profile`", sent);
  }
  if (code == "InvalidToken") return keys_remedy("check AWS_SESSION_TOKEN or `profile`", sent);
  if (code == "ExpiredToken" || code == "TokenRefreshRequired") return "the credentials have expired: log in again";
  if (code == "RequestTimeTooSkewed") return "set the clock of this machine";
  if (code == "InvalidObjectState") return "the object is archived: restore it first";
  if (code == "NoSuchBucket") return "check the bucket's name and the endpoint";
  if (wants_tls(error)) return "the server speaks TLS: give an `endpoint` that begins with https://";
  if (code == "NotImplemented") return "this server cannot do what was asked";
  const bool elsewhere = code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException";
  if (error.status == 301 || error.status == 307 || elsewhere) return region_remedy(error, sent);
  if (error.status == 401 || error.status == 403 || code == "AccessDenied") return permission_remedy(sent);
  if (is_transient(error)) return "the server asks for patience: try again later";
  return "";
}

// The region that "…; the region 'a' is wrong; expecting 'b'" names.
std::string_view expected_region(std::string_view message) {
  constexpr std::string_view kExpecting = "expecting '";
  const auto at = message.find(kExpecting);
  if (at == message.npos) return {};
  message.remove_prefix(at + kExpecting.size());
  return message.substr(0, message.find('\''));
}

// Returns the line of a server that describes its errors in plain words, if it is a short one.
std::string_view plain_words(std::string_view body) {
  constexpr std::size_t kLongest = 200;
  while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
  const bool is_plain =
      body.size() <= kLongest && std::ranges::all_of(body, [](char c) { return c >= ' ' && c <= '~'; });
  return is_plain && body.find_first_of("<{") == body.npos ? body : std::string_view();
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
    if (error.region.empty()) error.region = expected_region(error.message);
  }
  if (error.code.empty() && error.message.empty()) error.message = plain_words(body);
  if (error.code.empty()) error.code = code_of(status);
  return error;
}

bool is_error_document(std::string_view body) {
  if (body.size() > kMaxErrorBody || body.find("Error>") == body.npos) return false;
  pugi::xml_document document;
  return document.load_buffer(body.data(), body.size()) && error_node(document).child("Code");
}

std::string describe(const S3Error& error, const HttpRequest& sent) {
  std::string text = fmt::format("{} {}", error.status, error.code);
  if (!error.request_id.empty()) text += fmt::format(" (request id {})", error.request_id);
  if (!error.message.empty()) {
    std::string_view message = error.message;
    if (message.ends_with('.')) message.remove_suffix(1);
    text += fmt::format(": {}", message);
  }
  if (const std::string help = remedy(error, sent); !help.empty()) text += fmt::format("; {}", help);
  return text;
}

bool wants_tls(const S3Error& error) { return error.status == 400 && error.message.contains("HTTPS server"); }

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
