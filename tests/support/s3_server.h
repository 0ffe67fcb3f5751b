// SeaweedFS as a real S3 server for tests: on 127.0.0.1 and free ports, with its data in a temporary folder, gone with
// the test even when that crashes.
//
//   S3Server& server = S3Server::shared();     // started once a process, on first use
//   if (!server.running()) GTEST_SKIP() << server.problem();   // or ASSERT_TRUE: SeaweedFS comes with tools/setup.sh
//   test Stores stores(server.settings()); stores.locate("s3://test-warehouse/key")
#pragma once

#include <sys/types.h>

#include <string>

#include "earthcatalog/storage/stores.h"
#include "support/temp_folder.h"

namespace earthcatalog::testing_support {

class S3Server {
 public:
  /// Buckets that exist from the start. One that is missing is made by the first write to it.
  static constexpr const char* kBucket = "test-warehouse";
  static constexpr const char* kItemsBucket = "its-live-data";
  /// This key may do all; who does not sign may read and list.
  static constexpr const char* kAccessKey = "testkey";
  static constexpr const char* kSecretKey = "testsecret";

  static S3Server& shared();

  S3Server();
  ~S3Server();
  S3Server(const S3Server&) = delete;
  S3Server& operator=(const S3Server&) = delete;

  bool running() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }
  /// "http://127.0.0.1:43210"
  const std::string& endpoint() const { return endpoint_; }
  /// Endpoint, keys and region, to make Stores of.
  storage::StorageSettings settings() const;
  /// Stops it now, as a power cut would.
  void kill();

 private:
  void start();

  TempFolder folder_;
  pid_t pid_ = -1;
  std::string endpoint_;
  std::string problem_;
};

}  // namespace earthcatalog::testing_support
