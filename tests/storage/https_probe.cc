// Makes one HTTPS request in a program that links Parquet too; binding_test watches what the loader binds.
#include <arrow/io/interfaces.h>
#include <parquet/properties.h>

#include <cstdio>

#include "earthcatalog/storage/s3/s3_store.h"

int main(int, char** argv) {
  using namespace earthcatalog::storage;
  const auto properties = parquet::default_writer_properties();  // so that libparquet is needed
  StorageSettings settings;
  settings.s3.endpoint = argv[1];
  settings.s3.access_key = "key";
  settings.s3.secret_key = "secret";
  S3Options options;
  options.retry.unreachable_tries = 1;
  options.retry.give_up_seconds = 0;
  const auto bucket = S3Bucket::make("bucket", settings);
  S3Store store("bucket", *bucket, options);
  const auto result = store.get("k");
  std::printf("%s\n", result ? "found" : result.error().message.c_str());
  return properties == nullptr ? 1 : 0;
}
