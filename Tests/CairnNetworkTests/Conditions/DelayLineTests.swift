import NIOCore
import NIOEmbedded
import Testing

@testable import CairnNetwork

@Suite("What comes in over a longer way") struct DelayLineTests {
  /// Draws that a test has chosen, then 0.999.
  private final class Draws {
    var next: [Double]
    init(_ draws: [Double]) { next = draws }
    func draw() -> Double { next.isEmpty ? 0.999 : next.removeFirst() }
  }

  private final class Line {
    let loop = EmbeddedEventLoop()
    private(set) var received: [Int] = []
    private(set) lazy var line = DelayLine<Int>(conditions, eventLoop: loop, random: { [draws] in draws.draw() }) { [unowned self] in
      received.append($0)
    }
    private let conditions: LinkConditions
    private let draws: Draws

    init(_ path: PathConditions, draws: [Double] = []) {
      conditions = LinkConditions(incoming: path, roundTrip: path.delay * 2)
      self.draws = Draws(draws)
    }

    func hold(_ elements: Int..., byteCount: Int = 100) {
      for element in elements { line.hold(element, byteCount: byteCount) }
    }

    func advance(_ milliseconds: Int64) { loop.advanceTime(by: .milliseconds(milliseconds)) }
  }

  @Test("Nothing comes before its time, and everything at it") func delay() {
    let line = Line(PathConditions(delay: .milliseconds(50)))
    line.hold(1)
    line.advance(20)
    line.hold(2)
    line.advance(29)
    #expect(line.received.isEmpty)
    line.advance(1)
    #expect(line.received == [1])
    line.advance(19)
    #expect(line.received == [1])
    line.advance(1)
    #expect(line.received == [1, 2])
  }

  @Test("Jitter spreads arrivals, and never changes their order") func jitter() {
    let line = Line(PathConditions(delay: .milliseconds(50), jitter: .milliseconds(20)), draws: [0.5, 0, 0.999])
    line.hold(1)
    line.advance(5)
    line.hold(2)
    line.advance(45)
    #expect(line.received.isEmpty)
    // The second had no jitter and would have come at 55 ms: it waits for the first.
    line.advance(9)
    #expect(line.received.isEmpty)
    line.advance(1)
    #expect(line.received == [1, 2])
  }

  @Test("A lost segment holds up everything behind it for a retransmission timeout, twice as long the second time") func loss() {
    let path = PathConditions(delay: .milliseconds(50), loss: 0.1)
    let once = Line(path, draws: [0, 0.05, 0.5])
    // The first draw of each is jitter's.
    once.hold(1)
    once.hold(2)
    once.advance(349)
    #expect(once.received.isEmpty)
    once.advance(1)
    #expect(once.received == [1, 2])
    let twice = Line(path, draws: [0, 0.05, 0.05, 0.5])
    twice.hold(1)
    twice.advance(50 + 300 + 600 - 1)
    #expect(twice.received.isEmpty)
    twice.advance(1)
    #expect(twice.received == [1])
  }

  @Test("What takes many segments is lost as often as one of them is") func segments() {
    let path = PathConditions(delay: .milliseconds(50), loss: 0.1)
    let small = Line(path, draws: [0, 0.5])
    small.hold(1, byteCount: 1448)
    small.advance(50)
    #expect(small.received == [1])
    // 1 - 0.9^7 = 0.52
    let large = Line(path, draws: [0, 0.5, 0.5])
    large.hold(1, byteCount: 6 * 1448 + 1)
    large.advance(50)
    #expect(large.received.isEmpty)
    large.advance(300)
    #expect(large.received == [1])
  }

  @Test("A window is full until some of it has arrived, and nothing comes after the end") func window() {
    let line = Line(PathConditions(delay: .milliseconds(50)))
    line.hold(1, byteCount: DelayLine<Int>.windowByteCount - 1)
    #expect(!line.line.isFull)
    line.advance(10)
    line.hold(2, byteCount: 1)
    #expect(line.line.isFull)
    line.advance(40)
    #expect(line.received == [1] && !line.line.isFull)
    line.line.cancel()
    line.advance(1000)
    #expect(line.received == [1])
  }
}
