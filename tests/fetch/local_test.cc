// Source roots that are folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fetch/fetch_all.h"
#include "support/temp_folder.h"

namespace earthcatalog::fetch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LocalRoot : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "data" / "b");
    write("secret", "outside");
  }

  void write(const std::string& path, const std::string& bytes) {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << bytes;
  }
  FetchOptions options() const {
    auto options = quick_options();
    options.source_root = "file://" + (folder_ / "data").string() + "/";
    return options;
  }
  Outcomes fetch(const std::vector<storage::ObjectRef>& refs) { return fetch_all({}, options(), refs); }

  testing_support::TempFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

TEST_F(LocalRoot, FilesComeWhole) {
  for (const std::size_t size : {0u, 1u, 4800u, 5'000'000u}) {
    write("data/b/x y/%41/é\n+.json", std::string(size, 'x'));
    const auto outcomes = fetch({object("b", "x y/%41/é\n+.json")});
    ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
    const auto& fetched = outcomes.at("b/x y/%41/é\n+.json");
    EXPECT_EQ(fetched.outcome, Outcome::kFetched) << fetched.reason;
    EXPECT_EQ(fetched.body, std::string(size, 'x'));
    EXPECT_GE(fetched.body.capacity(), size + 64);
    EXPECT_EQ(outcomes.counters.bytes, size);
  }
}

TEST_F(LocalRoot, RootMayBeAPlainPath) {
  write("data/b/k", "{}");
  auto plain = options();
  plain.source_root = (folder_ / "data").string();
  EXPECT_EQ(fetch_all({}, plain, {object("b", "k")}).count(Outcome::kFetched), 1);
}

TEST_F(LocalRoot, NoFileIsMissing) {
  write("data/b/file", "{}");
  const auto outcomes = fetch({object("b", "no"), object("none", "k"), object("b", "file/below")});
  ASSERT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.count(Outcome::kMissing), 3);
  EXPECT_THAT(outcomes.at("b/no").reason, AllOf(HasSubstr("/data/b/no"), HasSubstr("No such file")));
}

TEST_F(LocalRoot, NothingOutsideTheBucketIsRead) {
  write("data/b/k", "{}");
  std::filesystem::create_directories(folder_ / "data" / "b" / "folder");
  const std::vector<std::string> keys = {"../../secret", "folder/../../../secret", "..",    ".", "./k",
                                         "folder/..",    std::string("k\0x", 3),   "../c/k"};
  std::vector<storage::ObjectRef> refs;
  for (const auto& key : keys) refs.push_back(object("b", key));
  refs.push_back(object("..", "secret"));
  const auto outcomes = fetch(refs);
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kRejected), static_cast<int>(refs.size()));
  for (const auto& [name, fetched] : outcomes.by_key) EXPECT_EQ(fetched.kind, "bad_name") << name;
  EXPECT_EQ(fetch({object("b", "/k")}).at("b//k").outcome, Outcome::kFetched);  // below the bucket all the same
  EXPECT_EQ(fetch({object("b", "/etc/passwd")}).at("b//etc/passwd").outcome, Outcome::kMissing);
}

TEST_F(LocalRoot, RejectsWhatIsNoFile) {
  std::filesystem::create_directories(folder_ / "data" / "b" / "folder");
  ASSERT_EQ(::mkfifo((folder_ / "data" / "b" / "pipe").c_str(), 0600), 0);
  const auto outcomes =
      fetch({object("b", "folder"), object("b", "folder/"), object("b", "pipe"), object("b", std::string(300, 'n'))});
  ASSERT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.count(Outcome::kRejected), 4);
  EXPECT_EQ(outcomes.at("b/pipe").kind, "not_a_file");
}

TEST_F(LocalRoot, LinksAreFollowed) {
  write("elsewhere/k", "{}");
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "data" / "linked");
  EXPECT_EQ(fetch({object("linked", "k")}).count(Outcome::kFetched), 1);
}

TEST_F(LocalRoot, TooLargeIsRejected) {
  write("data/b/k", std::string(1001, 'x'));
  write("data/b/just", std::string(1000, 'x'));
  auto small = options();
  small.max_object_bytes = 1000;
  const auto outcomes = fetch_all({}, small, {object("b", "k"), object("b", "just")});
  EXPECT_EQ(outcomes.at("b/k").kind, "too_large");
  EXPECT_EQ(outcomes.at("b/just").outcome, Outcome::kFetched);
}

/// Root may read everything: the test goes on as somebody else.
class AsNobody {
 public:
  explicit AsNobody(const std::filesystem::path& folder) : was_root_(::geteuid() == 0) {
    if (!was_root_) return;
    constexpr uid_t kNobody = 65534;
    for (const auto& path : {folder, folder / "data", folder / "data" / "b"}) {
      EXPECT_EQ(::chown(path.c_str(), kNobody, static_cast<gid_t>(-1)), 0);
    }
    EXPECT_EQ(::seteuid(kNobody), 0);
  }
  ~AsNobody() {
    if (!was_root_) return;
    EXPECT_EQ(::seteuid(0), 0);
  }

 private:
  bool was_root_;
};

TEST_F(LocalRoot, NoRightToRead) {
  const AsNobody nobody(folder_);
  write("data/b/k", "{}");
  write("data/b/closed", "{}");
  std::filesystem::permissions(folder_ / "data" / "b" / "closed", std::filesystem::perms::none);
  const auto outcomes = fetch({object("b", "closed"), object("b", "k")});
  ASSERT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.at("b/closed").kind, "denied");
  EXPECT_FALSE(fetch({object("b", "closed")}).status);
}

TEST_F(LocalRoot, ARootThatIsNotThereFailsTheRun) {
  auto nowhere = options();
  nowhere.source_root = "file:///no/such/folder/";
  const auto outcomes = fetch_all({}, nowhere, {object("b", "k")});
  ASSERT_FALSE(outcomes.status);
  EXPECT_EQ(outcomes.status.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(outcomes.status.error().message, HasSubstr("`source_root`"));
}

}  // namespace
}  // namespace earthcatalog::fetch
