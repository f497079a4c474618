//! Words that many threads read while one writes: a sequence lock over two copies.
//!
//! The first word counts publications, and its lowest bit says which of two copies is to be read. A
//! publication brings the other copy up to date and then turns the count, so that a reader never waits
//! for a writer, not even for one that lost its processor half-way. A reader that was overtaken by a
//! whole publication sees another count, and reads again.
//!
//! The words are atomics that are read and written relaxed, as a race on plain memory would be undefined;
//! two fences order them. Source: Boehm 2012, "Can seqlocks get along with programming language memory
//! models?" (figure 6); the two copies are those of `seqcount_latch_t` of the Linux kernel. The tests
//! check the protocol with loom, in every order that the memory model allows.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// What the protocols of this module need of 64 atomic bits: those of the processor, or of a model
/// checker.
pub(super) trait Atomic: Send + Sync {
    fn new(value: u64) -> Self;
    fn load(&self, order: Ordering) -> u64;
    fn store(&self, value: u64, order: Ordering);
    /// Puts `new` where `old` was, or says what was there.
    fn exchange(&self, old: u64, new: u64) -> Result<u64, u64>;
    fn fence(order: Ordering);
}

impl Atomic for AtomicU64 {
    #[inline]
    fn new(value: u64) -> Self {
        AtomicU64::new(value)
    }

    #[inline]
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    #[inline]
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }

    #[inline]
    fn exchange(&self, old: u64, new: u64) -> Result<u64, u64> {
        self.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed)
    }

    #[inline]
    fn fence(order: Ordering) {
        fence(order);
    }
}

/// Words in front of the copies: the count, and one that keeps pairs of words within a cache line.
const HEAD: usize = 2;

/// Some words of an arena, as a latch.
#[derive(Debug)]
pub(super) struct Latch<'a, A> {
    words: &'a [A],
}

impl<'a, A: Atomic> Latch<'a, A> {
    /// How many words of an arena a latch around `content` words takes.
    pub fn words(content: usize) -> usize {
        HEAD + 2 * content
    }

    /// The latch in these words: as many as [`Latch::words`] says.
    #[inline]
    pub fn at(words: &'a [A]) -> Self {
        Latch { words }
    }

    #[inline]
    fn copy(&self, turn: u64) -> &'a [A] {
        let content = (self.words.len() - HEAD) / 2;
        let from = HEAD + (turn & 1) as usize * content;
        &self.words[from..][..content]
    }

    /// Lets `look` read the words as of one publication. Returns nothing if a publication came between:
    /// what was seen may then be part of one and part of another.
    #[inline]
    pub fn read<T>(&self, look: impl FnOnce(&[A]) -> T) -> Option<T> {
        let turn = self.words[0].load(Ordering::Acquire);
        let seen = look(self.copy(turn));
        // Whoever saw a word of a later publication sees its count, or a later one.
        A::fence(Ordering::Acquire);
        (self.words[0].load(Ordering::Relaxed) == turn).then_some(seen)
    }

    /// Publishes what `change` makes of the copy that nobody reads: it is what was current one
    /// publication before the last. The caller sees to it that there is one writer at a time.
    pub fn write(&self, change: impl FnOnce(&[A])) {
        let turn = self.words[0].load(Ordering::Relaxed);
        // Late readers of this copy must see a newer count if they see any of what is written now.
        A::fence(Ordering::Release);
        change(self.copy(turn + 1));
        self.words[0].store(turn + 1, Ordering::Release);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicU64 as Modelled;
    use loom::thread;

    use super::*;

    impl Atomic for Modelled {
        fn new(value: u64) -> Self {
            Modelled::new(value)
        }

        fn load(&self, order: Ordering) -> u64 {
            self.load(order)
        }

        fn store(&self, value: u64, order: Ordering) {
            self.store(value, order);
        }

        fn exchange(&self, old: u64, new: u64) -> Result<u64, u64> {
            self.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed)
        }

        fn fence(order: Ordering) {
            loom::sync::atomic::fence(order);
        }
    }

    fn arena<A: Atomic>() -> Vec<A> {
        (0..Latch::<A>::words(2)).map(|_| A::new(0)).collect()
    }

    /// A publication: both words become `value`.
    fn publish<A: Atomic>(words: &[A], value: u64) {
        Latch::at(words).write(|copy| copy.iter().for_each(|w| w.store(value, Ordering::Relaxed)));
    }

    fn look<A: Atomic>(words: &[A]) -> Option<[u64; 2]> {
        Latch::at(words).read(|copy| [0, 1].map(|i: usize| copy[i].load(Ordering::Relaxed)))
    }

    /// The writer of the model, right or with a fault planted in it.
    type Writer = fn(&[Modelled], u64);
    /// The reader of the model.
    type Reader = fn(&[Modelled]) -> Option<[u64; 2]>;

    /// Every interleaving of a writer with three publications and a reader that looks twice: what is
    /// seen is one publication whole, and never older than what was seen before.
    fn check(write: Writer, read: Reader) {
        loom::model(move || {
            let words = Arc::new(arena::<Modelled>());
            let writer = {
                let words = Arc::clone(&words);
                thread::spawn(move || (1..=3).for_each(|value| write(&words, value)))
            };
            let mut last = 0;
            for _ in 0..2 {
                if let Some([a, b]) = read(&words) {
                    assert_eq!(a, b, "torn");
                    assert!(a >= last, "{a} after {last}");
                    last = a;
                }
            }
            writer.join().expect("the writer");
            assert_eq!(read(&words), Some([3, 3]), "nothing is lost");
        });
    }

    #[test]
    fn a_reader_sees_one_publication_whole() {
        check(publish, look);
    }

    /// The model can fail: each of these faults is found.
    mod mutants {
        use super::*;

        fn copies(words: &[Modelled], turn: u64) -> &[Modelled] {
            Latch::at(words).copy(turn)
        }

        #[test]
        #[should_panic(expected = "torn")]
        fn a_writer_without_its_fence() {
            check(
                |words, value| {
                    let turn = words[0].load(Ordering::Relaxed);
                    copies(words, turn + 1).iter().for_each(|w| w.store(value, Ordering::Relaxed));
                    words[0].store(turn + 1, Ordering::Release);
                },
                look,
            );
        }

        #[test]
        #[should_panic(expected = "torn")]
        fn a_writer_that_turns_the_count_relaxed() {
            check(
                |words, value| {
                    let turn = words[0].load(Ordering::Relaxed);
                    <Modelled as Atomic>::fence(Ordering::Release);
                    copies(words, turn + 1).iter().for_each(|w| w.store(value, Ordering::Relaxed));
                    words[0].store(turn + 1, Ordering::Relaxed);
                },
                look,
            );
        }

        #[test]
        #[should_panic(expected = "torn")]
        fn a_writer_into_the_copy_that_is_read() {
            check(
                |words, value| {
                    let turn = words[0].load(Ordering::Relaxed);
                    <Modelled as Atomic>::fence(Ordering::Release);
                    for copy in [copies(words, turn + 1), copies(words, turn)] {
                        copy.iter().for_each(|w| w.store(value, Ordering::Relaxed));
                    }
                    words[0].store(turn + 1, Ordering::Release);
                },
                look,
            );
        }

        #[test]
        #[should_panic(expected = "torn")]
        fn a_reader_without_its_fence() {
            check(publish, |words| {
                let turn = words[0].load(Ordering::Acquire);
                let seen = [0, 1].map(|i: usize| copies(words, turn)[i].load(Ordering::Relaxed));
                (words[0].load(Ordering::Relaxed) == turn).then_some(seen)
            });
        }

        #[test]
        #[should_panic(expected = "torn")]
        fn a_reader_that_trusts_what_it_saw() {
            check(publish, |words| {
                let turn = words[0].load(Ordering::Acquire);
                Some([0, 1].map(|i: usize| copies(words, turn)[i].load(Ordering::Relaxed)))
            });
        }
    }
}
