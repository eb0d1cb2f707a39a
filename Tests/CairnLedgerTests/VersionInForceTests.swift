import CairnCrypto
import CairnMerkle
import CairnMessages
import Testing

@testable import CairnLedger

@Suite struct VersionInForceTests {
  /// Versions that began at 10, 20, 20, 40 and 50; the newest at 60.
  private static let starts: [UInt8] = [10, 20, 20, 40, 50]
  private let records: [[UInt8]] = Self.starts.enumerated().map { [UInt8($0.offset), $0.element] }
  private let earlier: LogFrontier

  init() {
    var earlier = LogFrontier()
    for record in records { earlier.append(LogTree.leafHash(record)) }
    self.earlier = earlier
  }

  private func version(_ index: Int?) -> EarlierVersion? {
    guard let index, records.indices.contains(index) else { return nil }
    let tree = LogExtension(of: LogFrontier(), appending: records.map(LogTree.leafHash))
    return tree.proof(at: UInt64(index)).map { EarlierVersion(index: UInt64(index), record: records[index], path: $0.path) }
  }

  private func inForce(_ moment: UInt64, _ version: EarlierVersion?, _ successor: EarlierVersion?) -> Result<VersionInForce, VersionError> {
    do throws(VersionError) {
      return .success(
        try VersionInForce.verify(at: moment, newest: 60, earlier: earlier, version: version, successor: successor) { bytes in
          bytes.count == 2 ? UInt64(bytes[1]) : nil
        })
    } catch {
      return .failure(error)
    }
  }

  private func inForce(_ moment: UInt64, _ version: Int?, _ successor: Int?) -> Result<VersionInForce, VersionError> {
    inForce(moment, self.version(version), self.version(successor))
  }

  private func numbered(_ id: UInt64, _ version: EarlierVersion?, _ successor: EarlierVersion?) -> Result<VersionInForce, VersionError> {
    do throws(VersionError) {
      return .success(try VersionInForce.verify(id: id, newest: 5, earlier: earlier, version: version, successor: successor))
    } catch {
      return .failure(error)
    }
  }

  @Test("At each moment exactly one pair of neighbours is believed") func exhaustive() {
    for moment in UInt64(0)...70 {
      let expected: VersionInForce =
        moment >= 60 ? .newest : Self.starts.lastIndex { $0 <= moment }.flatMap(version).map(VersionInForce.earlier) ?? .none
      var believed = 0
      for version in [nil] + Array(0..<5) {
        for successor in [nil] + Array(0..<5) {
          guard case .success(let answer) = inForce(moment, version, successor) else { continue }
          #expect(answer == expected)
          believed += 1
        }
      }
      #expect(believed == 1)
    }
  }

  @Test("Each lie about a moment has its reason") func lies() {
    // Withheld: the newest, or one between.
    #expect(inForce(60, 4, nil) == .failure(.wrongMoment))
    #expect(inForce(60, nil, 0) == .failure(.wrongMoment))
    #expect(inForce(45, 2, 4) == .failure(.wrongSuccessor))
    #expect(inForce(45, 2, 3) == .failure(.wrongMoment))
    #expect(inForce(45, 3, nil) == .failure(.wrongSuccessor))
    #expect(inForce(20, 1, 2) == .failure(.wrongMoment))
    // Not yet in force.
    #expect(inForce(45, 4, nil) == .failure(.wrongMoment))
    #expect(inForce(55, 4, 4) == .failure(.wrongMoment))
    // There was none, says the liar.
    #expect(inForce(45, nil, 0) == .failure(.wrongMoment))
    #expect(inForce(45, Int?.none, nil) == .failure(.wrongSuccessor))
    #expect(inForce(5, nil, 1) == .failure(.wrongSuccessor))
    #expect(inForce(5, 0, 1) == .failure(.wrongMoment))
  }

  @Test("What the newest version does not commit to is not believed") func notCommitted() throws {
    let (third, fourth) = (try #require(version(3)), try #require(version(4)))
    let changed = EarlierVersion(index: 3, record: [3, 41], path: third.path)
    let moved = EarlierVersion(index: 2, record: third.record, path: third.path)
    let cut = EarlierVersion(index: 3, record: third.record, path: Array(third.path.dropLast()))
    let beyond = EarlierVersion(index: 5, record: third.record, path: third.path)
    for lie in [changed, moved, cut, beyond, EarlierVersion(index: .max, record: [], path: [])] {
      #expect(inForce(45, lie, fourth) == .failure(.notCommitted))
      #expect(inForce(45, third, lie) == .failure(.notCommitted))
      #expect(numbered(3, lie, fourth) == .failure(.notCommitted))
      #expect(!lie.isCommitted(by: earlier))
    }
    #expect(inForce(70, changed, EarlierVersion?.none) == .failure(.notCommitted))
    #expect(!third.isCommitted(by: LogFrontier()))
  }

  @Test("Committed bytes that are no record are in force at no moment") func noRecord() {
    var earlier = LogFrontier()
    earlier.append(LogTree.leafHash([1]))
    let version = EarlierVersion(index: 0, record: [1], path: [])
    #expect(throws: VersionError.wrongMoment) {
      try VersionInForce.verify(at: 5, newest: 6, earlier: earlier, version: version, successor: nil) { _ in nil }
    }
    #expect(throws: VersionError.wrongMoment) {
      try VersionInForce.verify(at: 5, newest: 6, earlier: earlier, version: nil, successor: version) { _ in nil }
    }
  }

  @Test("Of a record with one version, nothing is needed") func single() throws {
    let empty = LogFrontier()
    #expect(try VersionInForce.verify(at: 6, newest: 6, earlier: empty, version: nil, successor: nil) { _ in nil } == .newest)
    #expect(try VersionInForce.verify(at: 5, newest: 6, earlier: empty, version: nil, successor: nil) { _ in nil } == .none)
  }

  @Test("A version by its number is that one and has its successor") func numbers() throws {
    for id in 0..<5 {
      #expect(numbered(UInt64(id), version(id), version(id + 1)) == .success(.earlier(try #require(version(id)))))
    }
    #expect(numbered(5, nil, nil) == .success(.newest))
    #expect(numbered(6, nil, nil) == .failure(.wrongVersion))
    #expect(numbered(5, version(4), nil) == .failure(.wrongVersion))
    #expect(numbered(3, nil, nil) == .failure(.wrongVersion))
    #expect(numbered(3, version(2), version(3)) == .failure(.wrongVersion))
    #expect(numbered(3, version(3), nil) == .failure(.wrongSuccessor))
    #expect(numbered(2, version(2), version(4)) == .failure(.wrongSuccessor))
    #expect(numbered(4, version(4), version(3)) == .failure(.wrongSuccessor))
  }

  @Test("Peaks are those of a size, and paths are of digests") func messages() throws {
    #expect(LogFrontier(size: 5, peakBytes: earlier.peakBytes)?.root == earlier.root)
    #expect(LogFrontier(size: 4, peakBytes: earlier.peakBytes) == nil)
    #expect(LogFrontier(size: .max, peakBytes: []) == nil)
    let third = try #require(version(3))
    #expect(EarlierVersion(third.message) == third)
    var message = third.message
    message.path[0].removeLast()
    #expect(EarlierVersion(message) == nil)
  }
}
