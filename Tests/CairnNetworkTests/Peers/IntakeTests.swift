import NIOCore
import Testing

@testable import CairnNetwork

@Suite("What is accepted from a peer, and when it is dialled")
struct IntakeTests {
  private let rule = MessageRule(lane: .votes, maximumPayloadByteCount: 10, rate: .init(perSecond: 1, burst: 1))

  @Test("Each code has a bucket of its own")
  func buckets() {
    var intake = Intake([1: rule, 2: rule])
    let verdicts = [1, 1, 2].map { intake.judge($0, payloadByteCount: 0, at: 0) }
    #expect(verdicts == [.accept, .drop, .accept])
    #expect(intake.droppedCount == 1)
  }

  @Test("The longest payload passes, one byte more does not")
  func lengths() {
    var intake = Intake([1: rule])
    let verdicts = [11, 10].map { intake.judge(1, payloadByteCount: $0, at: 0) }
    #expect(verdicts == [.payloadTooLong, .accept])
  }

  @Test("An unknown code is dropped and counted")
  func unknownCode() {
    var intake = Intake([1: rule])
    let verdict = intake.judge(7, payloadByteCount: 0, at: 0)
    #expect(verdict == .drop)
    #expect(intake.droppedCount == 1)
  }

  @Test("The delay doubles up to its limit, jitter fills its upper half, and success resets it")
  func reconnectDelay() {
    var delay = ReconnectDelay(shortest: .milliseconds(50), longest: .seconds(5))
    let first = [0, 1, 0.5].map { delay.next(jitter: $0) }
    #expect(first == [.milliseconds(25), .milliseconds(100), .milliseconds(150)])
    let later = (0..<100).map { _ in delay.next(jitter: 1) }
    #expect(later.max() == .seconds(5))
    let lowest = delay.next(jitter: 0)
    #expect(lowest == .milliseconds(2500))
    delay.reset()
    let again = delay.next(jitter: 1)
    #expect(again == .milliseconds(50))
  }

  @Test("What a refusing peer says is printable and short")
  func refusalText() {
    #expect(RefusalText.printable("wrong network\u{1b}[2J\n".utf8) == "wrong network?[2J?")
    #expect(RefusalText.printable([UInt8](repeating: 65, count: 1000)).utf8.count == RefusalText.maximumByteCount)
  }
}
