// earthcatalog: see README.md and docs/.
#include "earthcatalog/cli/program.h"
#include "earthcatalog/cli/runtime.h"
#include "earthcatalog/storage/aws/credentials.h"

int main(int argc, char** argv) {
  const earthcatalog::cli::Runtime runtime;
  const earthcatalog::storage::S3Runtime s3_runtime;
  return earthcatalog::cli::run_program(argc, argv);
}
