#include "support/temp_folder.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace earthcatalog::testing_support {

TempFolder::TempFolder() {
  path_ = (std::filesystem::temp_directory_path() / "earthcatalog-test-XXXXXX").native();
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder for the test");
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace earthcatalog::testing_support
