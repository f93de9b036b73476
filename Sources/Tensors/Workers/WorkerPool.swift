internal import CKernels
internal import Glibc
internal import Synchronization

/// What several workers do together.
protocol WorkerJob {
  /// On several threads at once, with a number of its own on each.
  func run(worker: Int)
}

/// Threads that wait for work: they look for it for some microseconds after their last, then sleep.
///
/// One job at a time. Places in a job are offered, not assigned: a thread that wakes late finds none left, and nobody waits for
/// it. The caller works too, so a job is done even if no thread ever comes.
final class WorkerPool: Sendable {
  static let shared = WorkerPool()

  /// The present job's number in the upper half, its places left in the lower.
  private let ticket = Atomic<UInt64>(0)
  private static let places: UInt64 = 0xFFFF_FFFF
  /// Whether a job is on; its owner alone touches `job` and `threadCount`.
  private let isBusy = Atomic<Bool>(false)
  private nonisolated(unsafe) var job: (any WorkerJob)?
  private nonisolated(unsafe) var threadCount = 0
  /// Threads that have left the present job.
  private let finished = Atomic<Int>(0)

  private let sleepers = Sleepers()
  /// Whether the owner sleeps until threads have left its job.
  private let owner = Sleepers()

  /// How often a thread looks for work before it sleeps: about 30 µs where a pause takes 50 cycles.
  private static var looks: Int { 2000 }

  /// Does a job as worker 0 on this thread and as up to `workers` − 1 further ones on others, each at most once, and returns
  /// when all have returned. Alone, as 0, where another job is on. Allocates nothing for a job of up to three words but threads, once.
  func run(_ job: some WorkerJob, workers: Int) {
    guard workers > 1,
      isBusy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else { return job.run(worker: 0) }
    defer { isBusy.store(false, ordering: .releasing) }
    startThreads(upTo: workers - 1)
    self.job = job
    finished.store(0, ordering: .relaxed)
    let number = (ticket.load(ordering: .relaxed) >> 32 &+ 1) << 32
    ticket.store(number | UInt64(workers - 1), ordering: .sequentiallyConsistent)
    sleepers.wake()
    job.run(worker: 0)
    let left = Int(ticket.exchange(number, ordering: .acquiringAndReleasing) & Self.places)
    let taken = workers - 1 - left
    owner.wait(looks: Self.looks) { finished.load(ordering: .sequentiallyConsistent) == taken }
    self.job = nil
  }

  /// What each thread does for ever.
  fileprivate func serve() -> Never {
    while true {
      sleepers.wait(looks: Self.looks) { ticket.load(ordering: .sequentiallyConsistent) & Self.places > 0 }
      let offer = ticket.load(ordering: .relaxed)
      guard offer & Self.places > 0,
        ticket.compareExchange(expected: offer, desired: offer - 1, ordering: .acquiringAndReleasing).exchanged
      else { continue }
      // The owner waits for whoever has taken a place: the job is on until `finished` says otherwise.
      takePart(as: Int(offer & Self.places))
      finished.wrappingAdd(1, ordering: .sequentiallyConsistent)
      owner.wake()
    }
  }

  /// By itself, so that nothing of the job is held when `finished` counts this thread.
  @inline(never)
  private func takePart(as worker: Int) { job?.run(worker: worker) }

  private func startThreads(upTo count: Int) {
    while threadCount < count {
      var thread = pthread_t()
      let started = pthread_create(
        &thread, nil,
        { _ in
          // Signals are the host program's threads' business.
          var all = sigset_t()
          sigfillset(&all)
          pthread_sigmask(SIG_SETMASK, &all, nil)
          WorkerPool.shared.serve()
        }, nil)
      // Without a thread the others do its part.
      guard started == 0 else { return }
      pthread_detach(thread)
      threadCount += 1
    }
  }
}

/// Threads that wait for something to become true: looking at first, then asleep.
private final class Sleepers: Sendable {
  private let asleep = Atomic<Int>(0)
  private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private nonisolated(unsafe) let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Returns when `isTrue` is; whoever makes it true calls ``wake()`` afterwards.
  func wait(looks: Int, until isTrue: () -> Bool) {
    for _ in 0..<looks {
      if isTrue() { return }
      cpu_pause()
    }
    pthread_mutex_lock(mutex)
    // Counted before the last look: who makes it true after that look sees somebody asleep.
    asleep.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while !isTrue() { pthread_cond_wait(condition, mutex) }
    asleep.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  func wake() {
    guard asleep.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}
