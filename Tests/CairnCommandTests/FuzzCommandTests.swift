import CairnFuzz
import Foundation
import Testing

@testable import CairnCommand

@Suite struct FuzzCommandTests {
  @Test("Files that only commands read hold", arguments: FuzzTarget.ofCommands.map(\.name)) func holds(name: String) throws {
    let target = try #require(FuzzTarget.named(name, in: FuzzCommand.targets))
    var run = try FuzzRun(target, seed: 1)
    for _ in 0..<1_500 {
      let input = run.next()
      do { try run.check(input) } catch {
        Issue.record("\(name): \(error) for \(Data(input).base64EncodedString())")
        return
      }
    }
    #expect(run.acceptedCount > 0)
  }

  @Test("An alias that stands for more than fits into memory is refused") func aliases() throws {
    let levels = (1..<40).map { "a\($0): &a\($0)\n  x: *a\($0 - 1)\n  y: *a\($0 - 1)\n" }.joined()
    let error = #expect(throws: CommandFailure.self) {
      _ = try YAMLSettings(Array(("a0: &a0\n  z: 1\n" + levels).utf8), path: "node.yaml", "configuration")
    }
    #expect(error?.reason == "malformed_file")
  }
}
