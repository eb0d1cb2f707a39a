import NIOCore
import Testing

@testable import CairnNode

@Suite struct PeerRecordsTests {
  @Test("A peer that never stops talking is reported again and again") func heard() {
    var records = PeerRecords()
    let start = NIODeadline.now()
    let reported = (0..<100).filter { records.heard(1, at: start + .milliseconds(10 * $0)) }
    #expect(reported == [0, 11, 22, 33, 44, 55, 66, 77, 88, 99])
  }
}
