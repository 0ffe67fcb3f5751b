// What is particular to files.
#include "earthcatalog/storage/local/local_store.h"

#include <arrow/io/interfaces.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "earthcatalog/storage/local/local_file.h"
#include "support/temp_folder.h"

namespace earthcatalog::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::TempFolder;

class LocalStoreTest : public testing::Test {
 protected:
  std::vector<std::string> list(std::string_view prefix = "") {
    std::vector<std::string> keys;
    EXPECT_TRUE(store_.list(prefix, [&](const ObjectInfo& info) -> Status {
      keys.push_back(info.key);
      return {};
    }));
    return keys;
  }
  // All files, hidden ones too.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), folder_.path()).native());
    }
    return names;
  }

  TempFolder folder_;
  LocalStore store_{folder_.path()};
};

// `expire` takes an old file that no snapshot names for forgotten.
TEST_F(LocalStoreTest, ACopyIsNoOlderThanItsMaking) {
  ASSERT_TRUE(store_.put("a", "1").has_value());
  const auto path = folder_.path() + "/a";
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(48));
  const TimeMicros before = system_now() - kMicrosPerSecond;
  ASSERT_TRUE(store_.copy("a", "folder/b").value());
  EXPECT_GT((*store_.head("folder/b"))->last_modified, before);
  EXPECT_EQ(fs::hard_link_count(path), 2u) << "the same file under two names";
  ASSERT_TRUE(store_.copy("a", "folder/b").value());
  EXPECT_EQ(fs::hard_link_count(path), 1u) << "replaced by a file of its own";
}

TEST_F(LocalStoreTest, LeavesNoTemporaryFiles) {
  ASSERT_TRUE(store_.put("a/k", "1").has_value());
  ASSERT_TRUE(store_.put("a/k", "2").has_value());
  const auto etag = (*store_.head("a/k"))->etag;
  ASSERT_TRUE(store_.put_if_match("a/k", "3", etag)->stored);
  ASSERT_FALSE(store_.put_if_match("a/k", "4", etag)->stored);
  ASSERT_FALSE(store_.put_if_absent("a/k", "5")->stored);
  ASSERT_TRUE(store_.put_if_absent("a/gone", "5")->stored);
  ASSERT_TRUE(store_.remove(std::vector<std::string>{"a/gone"}).has_value());
  EXPECT_THAT(files(), ElementsAre("a/k"));
}

TEST_F(LocalStoreTest, WhatIsBeingWrittenIsNotListed) {
  auto output = *store_.open_output("a/k");
  ASSERT_TRUE(output->Write("x", 1).ok());
  EXPECT_EQ(files().size(), 1u);
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_FALSE((*store_.head("a/k")).has_value());
  output.reset();
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(LocalStoreTest, ReaderSeesOldOrNewNeverAPart) {
  const std::string zeros(1 << 18, '0'), ones(1 << 18, '1');
  ASSERT_TRUE(store_.put("k", zeros).has_value());
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(store_.put("k", i % 2 ? zeros : ones).has_value());
    stop = true;
  });
  while (!stop) {
    const auto bytes = (*store_.get("k"))->bytes;
    EXPECT_TRUE(bytes == zeros || bytes == ones);
  }
  writer.join();
}

TEST_F(LocalStoreTest, EqualContentWrittenAtOnceHasAnotherEtag) {
  std::set<std::string> etags;
  for (int i = 0; i < 200; ++i) etags.insert(store_.put("k", "same")->etag);
  EXPECT_EQ(etags.size(), 200u);
}

TEST_F(LocalStoreTest, AKilledProcessLeavesNoLockAndNoPart) {
  ASSERT_TRUE(store_.put("k", "before").has_value());
  for (int round = 0; round < 10; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      LocalStore own(folder_.path());
      while (true) {
        const auto now = own.head("k");
        (void)own.put_if_match("k", std::string(100'000, 'x'), (*now)->etag);
      }
    }
    ::usleep(20'000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto object = store_.get("k");
    ASSERT_TRUE(object.has_value() && object->has_value());
    EXPECT_TRUE((*object)->bytes == "before" || (*object)->bytes == std::string(100'000, 'x'));
    EXPECT_TRUE(store_.put_if_match("k", "before", (*object)->info.etag)->stored);
    EXPECT_THAT(list(), ElementsAre("k"));
  }
}

TEST_F(LocalStoreTest, LeftoversGoAndWhatIsBeingWrittenStays) {
  for (const char* name : {"a/.ec-tmp-1-0-0", "a/b/.ec-lock-00", "a/.ec-tmp-young", "c/.ec-tmp-elsewhere"}) {
    ASSERT_TRUE(store_.put((fs::path(name).parent_path() / "sibling").string(), "makes the folder").has_value());
    std::ofstream(folder_ / name) << "left";
  }
  auto output = *store_.open_output("a/being-written", Existing::kRefuse);
  ASSERT_TRUE(output->Write("half", 4).ok());
  const auto lock = FileLock::acquire(folder_ / "a/locked", "uri").value();
  for (const auto& name : files()) {
    const auto age = name.ends_with("young") ? std::chrono::hours(1) : std::chrono::hours(48);
    fs::last_write_time(folder_ / name, fs::file_time_type::clock::now() - age);
  }
  std::map<Leftover, int> counts;
  LeftoverRules rules{.before = system_now() - 24 * 3600 * kMicrosPerSecond,
                      .dry_run = true,
                      .visit = [&](const ObjectInfo&, Leftover what) -> Status {
                        ++counts[what];
                        return {};
                      }};
  const std::map<Leftover, int> expected{{Leftover::kRemoved, 2}, {Leftover::kTooYoung, 1}, {Leftover::kInUse, 2}};
  const auto before = files();
  ASSERT_TRUE(store_.remove_leftovers("a/", rules).has_value());
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(files(), before);
  counts.clear();
  rules.dry_run = false;
  ASSERT_TRUE(store_.remove_leftovers("a/", rules).has_value());
  EXPECT_EQ(counts, expected);
  EXPECT_FALSE(fs::exists(folder_ / "a/.ec-tmp-1-0-0"));
  EXPECT_FALSE(fs::exists(folder_ / "a/b/.ec-lock-00"));
  EXPECT_EQ(files().size(), before.size() - 2);
  EXPECT_TRUE(output->Close().ok());
  EXPECT_TRUE(store_.get("a/being-written")->has_value());
  counts.clear();
  ASSERT_TRUE(store_.remove_leftovers("c/.ec-", rules).has_value()) << "only those beside";
  EXPECT_EQ(counts[Leftover::kRemoved], 1);
}

TEST_F(LocalStoreTest, StoppedWriterDoesNotBlockOthersForever) {
  const std::string target = folder_.path() + "/k";
  auto held = FileLock::acquire(target, "file://k");
  ASSERT_TRUE(held.has_value());
  const auto other = FileLock::acquire(target, "file://k", std::chrono::milliseconds(30));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(other.error().message, HasSubstr("locking file://k: another process"));
  {
    const FileLock gone = std::move(*held);
  }
  EXPECT_TRUE(FileLock::acquire(target, "file://k", std::chrono::milliseconds(30)).has_value());
}

TEST_F(LocalStoreTest, FullDiskIsAClearErrorAndLeavesNothing) {
  ::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files stands for the limit of a disk
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{.rlim_cur = 1 << 20, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto put = store_.put("big", std::string(2 << 20, 'x'));
  auto output = *store_.open_output("stream");
  const std::string piece(300'000, 'y');
  arrow::Status written;
  for (int i = 0; i < 10 && written.ok(); ++i) written = output->Write(piece.data(), 300'000);
  const auto closed = output->Close();
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().kind, ErrorKind::kIOError);
  EXPECT_THAT(put.error().message, HasSubstr("writing file://" + folder_.path() + "/big: "));
  EXPECT_FALSE(written.ok());
  EXPECT_FALSE(closed.ok());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(LocalStoreTest, FullDeviceSaysWhatToDo) {
  const Error error = errno_error(ENOSPC, "writing", "file:///x").error();
  EXPECT_EQ(error.kind, ErrorKind::kIOError);
  EXPECT_EQ(error.message, "writing file:///x: No space left on device; free space on that disk, or choose another");
}

TEST_F(LocalStoreTest, ReadOnlyFolderIsAPermissionError) {
  ASSERT_TRUE(store_.put("a/k", "x").has_value());
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(folder_ / "a", fs::perms(0555));
  const uid_t before = ::geteuid();
  if (before == 0) {
    ASSERT_EQ(::seteuid(65534), 0);  // root may write anywhere
  }
  const auto put = store_.put("a/k", "y");
  const auto created = store_.put_if_absent("a/new", "y");
  const Status removed = store_.remove(std::vector<std::string>{"a/k"});
  ASSERT_EQ(::seteuid(before), 0);
  fs::permissions(folder_ / "a", fs::perms(0755));
  for (const Error& error : {put.error(), created.error(), removed.error()}) {
    EXPECT_EQ(error.kind, ErrorKind::kPermissionDenied);
    EXPECT_THAT(error.message, HasSubstr("check the owner and the permissions"));
  }
  EXPECT_EQ((*store_.get("a/k"))->bytes, "x");
  EXPECT_THAT(files(), ElementsAre("a/k"));
}

TEST_F(LocalStoreTest, PlaceThatCannotBeWrittenIsNamed) {
  LocalStore proc("/proc/self/task");  // even root may not
  const auto result = proc.put("k", "x");
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, HasSubstr("file:///proc/self/task/k"));
}

TEST_F(LocalStoreTest, FileWhereAFolderShouldBe) {
  ASSERT_TRUE(store_.put("a", "x").has_value());
  EXPECT_FALSE((*store_.get("a/b")).has_value());
  EXPECT_FALSE((*store_.head("a/b")).has_value());
  EXPECT_TRUE(store_.remove(std::vector<std::string>{"a/b"}).has_value());
  const auto below = store_.put("a/b", "x");
  ASSERT_FALSE(below.has_value());
  EXPECT_THAT(below.error().message, HasSubstr("a part of the path is a file"));
  ASSERT_TRUE(store_.put("c/d", "x").has_value());
  for (const auto& result : {store_.put("c", "x"), store_.put_if_absent("c", "x")}) {
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message, HasSubstr("a folder has that name"));
  }
  EXPECT_FALSE((*store_.get("c")).has_value());
  EXPECT_TRUE(store_.remove(std::vector<std::string>{"c"}).has_value());
  EXPECT_THAT(list(), ElementsAre("a", "c/d"));
}

TEST_F(LocalStoreTest, KeysCannotLeaveTheRoot) {
  for (const char* key : {"..", "../x", "a/../../x", "a/..", ".", "a/./b", "", "a/"}) {
    const auto result = store_.put(key, "x");
    ASSERT_FALSE(result.has_value()) << key;
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalidArgument) << key;
    EXPECT_FALSE(store_.get(key).has_value()) << key;
  }
  EXPECT_FALSE(store_.put(std::string_view("a\0b", 3), "x").has_value());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(LocalStoreTest, FollowsSymbolicLinksButNotInCircles) {
  ASSERT_TRUE(store_.put("real/k", "x").has_value());
  fs::create_directory_symlink(folder_ / "real", folder_ / "link");
  fs::create_directory_symlink(folder_.path(), folder_ / "real/up");
  fs::create_symlink("nowhere", folder_ / "dangling");
  EXPECT_THAT(list("link/"), testing::Contains("link/k"));
  EXPECT_THAT(list(), testing::IsSupersetOf({"link/k", "real/k"}));
  EXPECT_FALSE((*store_.head("dangling")).has_value());
}

TEST_F(LocalStoreTest, PipesAreNoObjects) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(store_.get("pipe").has_value());
  EXPECT_FALSE((*store_.head("pipe")).has_value());
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(LocalStoreTest, MissingRootIsAnEmptyStore) {
  LocalStore store(folder_ / "not/yet");
  EXPECT_FALSE((*store.get("k")).has_value());
  EXPECT_TRUE(store.list("", [](const ObjectInfo&) -> Status { return fail(ErrorKind::kIOError, "?"); }).has_value());
  EXPECT_FALSE(fs::exists(folder_ / "not")) << "reading creates nothing";
  EXPECT_TRUE(store.put_if_absent("k", "x")->stored);
}

// The listing agrees with a sorted map, whatever the keys.
RC_GTEST_PROP(LocalWalk, ListsLikeASortedMap, ()) {
  const auto part = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab-.0")));
  const auto parts_of_keys = rc::gen::container<std::vector<std::vector<std::string>>>(
      rc::gen::resize(3, rc::gen::container<std::vector<std::string>>(rc::gen::resize(3, part))));
  const auto keys = *rc::gen::resize(10, parts_of_keys);
  const TempFolder folder;
  LocalStore store(folder.path());
  std::set<std::string> model;
  for (const auto& parts : keys) {
    std::string key;
    for (const std::string& p : parts) key += (key.empty() ? "" : "/") + p;
    if (key.find("//") != key.npos || store.put(key, "x").has_value() == false) continue;
    model.insert(key);
  }
  const std::string prefix =
      *rc::gen::resize(4, rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab-./"))));
  std::vector<std::string> expected, listed;
  for (const std::string& key : model) {
    if (key.starts_with(prefix)) expected.push_back(key);
  }
  RC_ASSERT(store
                .list(prefix,
                      [&](const ObjectInfo& info) -> Status {
                        listed.push_back(info.key);
                        return {};
                      })
                .has_value());
  if (prefix.find("//") == prefix.npos && !prefix.starts_with('/')) RC_ASSERT(listed == expected);
}

}  // namespace
}  // namespace earthcatalog::storage
