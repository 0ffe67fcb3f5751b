#include "earthcatalog/storage/http/http_failure.h"

#include <curl/curl.h>
#include <fmt/format.h>

namespace earthcatalog::storage {
namespace {

using Kind = HttpFailure::Kind;

// "https://host:port" of a URL.
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  return host == url.npos ? url : url.substr(0, url.find_first_of("/?", host + 3));
}

Kind kind_of(int curl_code, bool was_sent) {
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer that is no HTTP
      return Kind::kUnreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return was_sent ? Kind::kBroken : Kind::kUnreachable;
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_OUT_OF_MEMORY:
      return Kind::kHopeless;
    default:
      return Kind::kBroken;
  }
}

std::string_view remedy(int curl_code, std::string_view url) {
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the name does not resolve: check `endpoint` (or AWS_ENDPOINT_URL), `region` and the network";
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return "check the proxy that the environment names (https_proxy, http_proxy, all_proxy, no_proxy)";
    case CURLE_OPERATION_TIMEDOUT:
      if (url.starts_with("https://")) {
        return "nobody answers there in TLS: check `endpoint` (or AWS_ENDPOINT_URL; http:// where the server speaks "
               "plain "
               "HTTP), whether the server runs, and the network";
      }
      [[fallthrough]];
    case CURLE_COULDNT_CONNECT:
      return "nobody answers there: check `endpoint` (or AWS_ENDPOINT_URL), whether the server runs, and the network";
    case CURLE_SSL_CONNECT_ERROR:
      return "no TLS came about: if the server speaks plain HTTP, give an `endpoint` that begins with http://";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return "its certificate is refused: name a file with the certificate of the authority that signed it "
             "(AWS_CA_BUNDLE), have that authority among the trusted ones of this system, or check that `endpoint` "
             "names the host as the certificate does";
    case CURLE_SSL_CACERT_BADFILE:
      return "the file of trusted certificates cannot be read: check AWS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE";
    case CURLE_UNSUPPORTED_PROTOCOL:
      return url.starts_with("http://") ? "what answers there is no HTTP: if the server speaks TLS, give an `endpoint` "
                                          "that begins with https://"
                                        : "what answers there is no HTTP: check `endpoint` (or AWS_ENDPOINT_URL)";
    case CURLE_URL_MALFORMAT:
      return "check `endpoint` (or AWS_ENDPOINT_URL) and the bucket's name";
    default:
      return "check the endpoint, the network and the region";
  }
}

}  // namespace

HttpFailure failure_of(int curl_code, std::string_view said, std::string_view url, bool was_sent) {
  if (said.ends_with('.')) said.remove_suffix(1);
  const int told = curl_code == CURLE_OPERATION_TIMEDOUT && was_sent ? CURLE_OK : curl_code;
  return {.kind = kind_of(curl_code, was_sent),
          .message = fmt::format("{}: {}; {}", origin_of(url), said, remedy(told, url))};
}

}  // namespace earthcatalog::storage
