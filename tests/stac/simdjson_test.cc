// The simdjson that runs must be the one that was compiled with us, not the one inside libparquet.so.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace {

TEST(Simdjson, IsOurOwn) {
  Dl_info program, library;
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&simdjson::get_active_implementation), &library), 0);
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&::testing::UnitTest::GetInstance), &program), 0);
  EXPECT_EQ(std::string(library.dli_fname).find("parquet"), std::string::npos) << library.dli_fname;
  // What it hands out is code of the same file.
  const auto* implementation = simdjson::get_active_implementation().operator->();
  ASSERT_NE(dladdr(*reinterpret_cast<void* const*>(implementation), &library), 0);  // its table of functions
  EXPECT_EQ(std::string(library.dli_fname).find("parquet"), std::string::npos) << library.dli_fname;
}

}  // namespace
