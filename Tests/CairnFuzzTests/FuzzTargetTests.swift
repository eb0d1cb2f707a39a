import CairnFuzz
import Foundation
import Testing

/// Some inputs for every target, the same each time; more with `cairn fuzz`.
@Suite struct FuzzTargetTests {
  private static let inputCount = 500
  private static let vectors = ProcessInfo.processInfo.environment["CAIRN_VECTORS"]

  @Test("Every target holds", arguments: FuzzTarget.all.map(\.name)) func holds(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    var run = try FuzzRun(target, seed: 1, vectors: Self.vectors)
    for _ in 0..<Self.inputCount {
      let input = run.next()
      do { try run.check(input) } catch {
        Issue.record("\(name): \(error) for \(Data(input).base64EncodedString())")
        return
      }
    }
    #expect(run.inputCount == Self.inputCount)
    // Mutations that are all refused look at nothing but the first check.
    #expect(run.acceptedCount > 0)
  }

  @Test("A seed gives its inputs again, another seed others") func deterministic() throws {
    let target = try #require(FuzzTarget.named("policy"))
    func inputs(seed: UInt64) throws -> [[UInt8]] {
      var run = try FuzzRun(target, seed: seed)
      return try (0..<200).map { _ in
        let input = run.next()
        try run.check(input)
        return input
      }
    }
    #expect(try inputs(seed: 3) == inputs(seed: 3))
    #expect(try inputs(seed: 3) != inputs(seed: 4))
  }

  @Test("Names are unique and as on the command line") func names() {
    let names = FuzzTarget.all.map(\.name)
    #expect(Set(names).count == names.count && names == names.sorted())
    #expect(names.allSatisfy { $0.utf8.allSatisfy { (97...122).contains($0) || $0 == 45 } })
    #expect(FuzzTarget.named("none") == nil)
  }
}
