import ArgumentParser
import CairnCrypto
import CairnPolicy
import Foundation

struct PolicyTestCorpus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test-corpus", abstract: "Run a corpus of Cedar tests, and say how far this implementation agrees with it.",
    discussion: """
      Takes a folder, or an archive (.tar.gz), in the format of Cedar's public integration tests. The digest is over every single result: \
      where it is equal, two machines or versions have decided everything alike. Exits with 1 when anything differs.
      """)

  @Argument(help: "The folder or archive.", completion: .file()) var corpus: String
  @Option(help: ArgumentHelp("Show so many disagreements.", valueName: "count")) var show = 20
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (0...100_000).contains(show) else { throw ValidationError("--show is from 0 to 100000.") }
  }

  func run() throws {
    let isFolder = (try? FileManager.default.attributesOfItem(atPath: corpus)[.type] as? FileAttributeType) == .typeDirectory
    let report = isFolder ? try run(folder: corpus) : try run(archive: corpus)
    let shown = ShownReport(report, limit: show)
    output.print(shown, text: shown.text(report))
    guard report.isFullAgreement else {
      throw CommandFailure.refused(
        "disagreement", "\(report.disagreements.count) results differ from the corpus, and \(report.unreadable.count) tests cannot be read."
      )
    }
  }

  private func run(folder path: String) throws -> CorpusReport {
    guard let folder = CorpusFolder(path) else {
      throw CommandFailure.refused("missing_file", "There is no folder \(path): check the path.")
    }
    let total = (try? FileManager.default.subpathsOfDirectory(atPath: path))?.count { $0.hasSuffix(".json") } ?? 0
    let bar = ProgressBar("Testing")
    var done: UInt64 = 0
    let report = folder.run { _ in
      done += 1
      bar.update(done, of: UInt64(total))
      return true
    }
    bar.finish()
    guard report.tests > 0 else { throw CommandFailure.refused("no_tests", "There is no test in \(path): it is not a corpus of Cedar's.") }
    return report
  }

  private func run(archive path: String) throws -> CorpusReport {
    guard Files.exists(path) else { throw CommandFailure.refused("missing_file", "There is no folder or archive \(path): check the path.") }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cairn-corpus-\(UUID().uuidString)").path
    try Files.makeDirectory(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Nothing outside the folder is written, whatever the archive says.
    tar.arguments = ["tar", "--extract", "--gzip", "--file", path, "--directory", folder, "--no-same-owner"]
    tar.standardError = FileHandle.nullDevice
    do { try tar.run() } catch {
      throw CommandFailure.refused("no_tar", "There is no tar here to unpack \(path): unpack it, and name the folder.")
    }
    tar.waitUntilExit()
    guard tar.terminationStatus == 0 else {
      throw CommandFailure.refused("unreadable_archive", "\(path) cannot be unpacked: it is no .tar.gz archive, or it is damaged.")
    }
    return try run(folder: folder)
  }
}

private struct ShownReport: Encodable {
  let tests: Int
  let decisions: Int
  let compared: Int
  let agreed: Int
  let refusedByLedger: Int
  let unreadable: Int
  let disagreements: [String]
  /// SHA-256 over all results, hexadecimal.
  let digest: String

  init(_ report: CorpusReport, limit: Int) {
    let tallies = [
      report.decisions, report.reasons, report.errors, report.policyVerdicts, report.requestVerdicts, report.entityVerdicts,
    ]
    (tests, decisions) = (report.tests, report.decisions.compared)
    compared = tallies.reduce(0) { $0 + $1.compared }
    agreed = tallies.reduce(0) { $0 + $1.agreed }
    (refusedByLedger, unreadable) = (report.refusedByLedger.count, report.unreadable.count)
    disagreements = (report.disagreements + report.unreadable).prefix(limit).map(\.description)
    digest = Digest.sha256(Array(report.results.utf8)).description
  }

  func text(_ report: CorpusReport) -> String { ([report.description] + disagreements + ["digest: \(digest)"]).joined(separator: "\n") }
}
