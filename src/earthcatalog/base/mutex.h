// Mutex, MutexLock and CondVar: the standard ones, with the attributes that clang's thread-safety analysis reads
// (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html). `make lint` makes its warnings errors; for other compilers
// the attributes are empty.
//
//   class Counter {
//    public:
//     void add() {
//       const MutexLock lock(mutex_);
//       ++count_;
//     }
//
//    private:
//     Mutex mutex_;
//     int count_ EC_GUARDED_BY(mutex_) = 0;
//   };
//
// Every mutex that is a member says by EC_GUARDED_BY what it protects. Functions that are called with it held say
// EC_REQUIRES; so do lambdas that such a function hands on: [&](int n) EC_REQUIRES(mutex_) -> Status {...}.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define EC_THREAD_ATTRIBUTE(...) __attribute__((__VA_ARGS__))
#else
#define EC_THREAD_ATTRIBUTE(...)
#endif

/// The member may be read and written only with the mutex held.
#define EC_GUARDED_BY(mutex) EC_THREAD_ATTRIBUTE(guarded_by(mutex))
/// The function is called with the mutex held, and leaves it so.
#define EC_REQUIRES(...) EC_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))

namespace earthcatalog {

class EC_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() EC_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() EC_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  /// Returns false at once when another thread holds it.
  bool try_lock() EC_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

/// Holds a mutex for as long as it lives, but for what lies between unlock() and lock().
class EC_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) EC_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  /// Takes over a mutex that is held.
  MutexLock(Mutex& mutex, std::adopt_lock_t) EC_REQUIRES(mutex) : mutex_(mutex) {}
  ~MutexLock() EC_THREAD_ATTRIBUTE(release_capability()) {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() EC_THREAD_ATTRIBUTE(release_capability()) {
    held_ = false;
    mutex_.unlock();
  }
  void lock() EC_THREAD_ATTRIBUTE(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

/// Waits without a predicate, so that the analysis sees what the condition reads: call it in a loop.
///
///   while (queue_.empty()) not_empty_.wait(mutex_);
class CondVar {
 public:
  /// Gives `mutex` back while it waits.
  void wait(Mutex& mutex) EC_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    (void)lock.release();
  }
  /// Returns false once `until` has passed.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point until) EC_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const auto status = condition_.wait_until(lock, until);
    (void)lock.release();
    return status == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace earthcatalog
