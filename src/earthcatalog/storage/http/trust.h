// The certificates that servers' are checked against, for all connections of a process. libcurl with GnuTLS reads them
// anew for each connection: 33 ms of CPU for Debian's folder, 10 ms for its bundle, and less than 1 ms for the few
// roots that sign Amazon's servers.
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::storage {

/// Thread-safe.
class Trust {
 public:
  /// `bundle_path`: the bundle, or empty: what libcurl takes by itself. It is read when the first of Amazon's servers
  /// is asked.
  explicit Trust(std::string bundle_path);
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  /// The bundle where this system keeps it, unless libcurl knows one by itself; else empty.
  static std::string system_bundle();

  struct Certificates {
    const char* path = nullptr;  ///< null: what libcurl takes by itself; stays valid as long as the Trust does
    bool is_part = false;        ///< of the bundle
  };
  Certificates for_url(std::string_view url) const;
  /// Makes for_url give all of the bundle from now on: because a part of it did not verify a server's certificate.
  void widen() { widened_ = true; }

 private:
  void load() const;

  const std::string bundle_path_;
  mutable std::once_flag loaded_;
  mutable std::string amazon_path_;  ///< of a file in memory; empty: none
  mutable int amazon_fd_ = -1;
  std::atomic<bool> widened_ = false;
};

/// The file of trusted certificates that the environment names, for the system's bundle: by AWS_CA_BUNDLE, as AWS's
/// tools read it, else by CURL_CA_BUNDLE, else by SSL_CERT_FILE. `environment` gives a variable's value unless it is
/// empty.
std::optional<std::string> named_bundle(const std::function<std::optional<std::string>(const char* name)>& environment);

/// Those certificates of `pem` that hold one of `names`, byte by byte (as subject or issuer).
std::string certificates_naming(std::string_view pem, std::initializer_list<std::string_view> names);

}  // namespace earthcatalog::storage
