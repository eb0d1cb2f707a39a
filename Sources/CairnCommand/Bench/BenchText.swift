import Foundation

extension BenchReport {
  /// The report for people.
  var text: String {
    var sections: [String] = []
    if let limits { sections.append("Limits of this machine (\(limits.cpu), \(limits.coreCount) cores)\n" + Output.table(limits.rows)) }
    if !submissions.isEmpty {
      sections.append("Transactions, verified receipts, \(nodeCount) nodes and the client on this machine\n" + submissionTable)
    }
    if !reads.isEmpty { sections.append("Resolutions from one node\n" + Self.table(reads)) }
    if !authorizations.isEmpty {
      sections.append("Authorizations from one node: an agent, a credential, ten policies\n" + Self.table(authorizations))
    }
    let rest = stockRows
    if !rest.isEmpty { sections.append("The network\n" + Output.table(rest)) }
    if isInterrupted { sections.append("Interrupted: what is missing was not measured.") }
    if dishonestCount > 0 { sections.append("\(dishonestCount) answers did not verify.") }
    return sections.joined(separator: "\n\n")
  }

  private var submissionTable: String {
    let header = [
      "", "committed/s", "DIDs/s", "p50 ms", "p99 ms", "blocks/s", "tx/block", "checks/tx", "nodes us/tx", "client us/tx", "late leaders",
      "of limit",
    ]
    return TextTable.aligned(
      [header]
        + submissions.map { load in
          [
            load.name, Figure.whole(load.committedPerSecond), Figure.whole(load.operationsPerSecond),
            Figure.milliseconds(load.latency?.p50Ms),
            Figure.milliseconds(load.latency?.p99Ms), Figure.short(load.blocksPerSecond), Figure.short(load.transactionsPerBlock),
            "\(load.signaturesPerTransaction)+\(load.pointChecksPerTransaction)", Figure.whole(load.nodesCpuUs),
            Figure.whole(load.clientCpuUs),
            "\(load.leaderTimeouts)", Figure.percent(load.shareOfMachine),
          ]
        })
      + "\nchecks/tx: signatures + curve points. of limit: checks by all nodes, as a share of what all cores can check."
      + submissions.filter { !$0.failures.isEmpty || $0.withheld > 0 }.map { load in
        let reasons = load.failures.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let withheld = load.withheld > 0 ? ["not sent in time, as too many were on their way"] : []
        return "\n\(load.name): \((reasons + withheld).joined(separator: ", "))"
      }.joined()
  }

  private static func table(_ reads: [ReadFigures]) -> String {
    let header = ["", "verified", "answers/s", "p50 ms", "p99 ms", "bytes", "node us", "client us", "per signature check"]
    return TextTable.aligned(
      [header]
        + reads.map { load in
          [
            load.name, load.isVerified ? "yes" : "no", Figure.whole(load.perSecond), Figure.milliseconds(load.latency?.p50Ms),
            Figure.milliseconds(load.latency?.p99Ms), load.answerBytes.map(Figure.whole) ?? "", Figure.short(load.nodeCpuUs),
            Figure.short(load.clientCpuUs), Figure.short(load.perSignatureCheck),
          ]
        })
      + "\nper signature check: answers in the time in which one core checks one signature."
  }

  private var stockRows: [(String, String)] {
    var rows = wan?.rows ?? []
    if let policy {
      rows.append(("policies", "\(Figure.short(policy.decisionUs)) us for a decision by \(policy.policies) policies, \(policy.cost) steps"))
      let checks = policy.checks.map { check in
        "\(check.name) \(Figure.short(check.milliseconds)) ms" + (check.refusal.map { " (\($0))" } ?? "")
      }
      rows.append(("contract checks", "at the limits: " + checks.joined(separator: ", ")))
    }
    if let revocation {
      rows.append(
        (
          "revocation",
          "p50 \(Figure.milliseconds(revocation.visible?.p50Ms)) ms, p99 \(Figure.milliseconds(revocation.visible?.p99Ms)) ms from Submit "
            + "until all \(revocation.nodeCount) nodes prove it, beside \(Figure.whole(revocation.othersPerSecond)) other transactions/s"
        ))
    }
    if let flood {
      rows.append(
        (
          "flood",
          "revocation \(flood.alone.text) alone; \(flood.flooded.text) in the flood"
            + (flood.p99Ratio.map { ", p99 times \(Figure.short($0))" } ?? "")
        ))
      rows.append(
        (
          "flooded with",
          "\(Figure.whole(flood.offeredPerSecond)) transactions/s, \(Figure.short(flood.offeredShare)) times the capacity; "
            + "\(Figure.whole(flood.acceptedPerSecond))/s accepted, \(Figure.whole(flood.committedPerSecond))/s committed"
        ))
    }
    for batch in batches {
      let count = Figure.whole(Double(batch.count))
      rows.append(
        (
          "batch",
          "\(count) \(batch.name) in \(Figure.whole(Double(batch.transactions))) transactions: \(Figure.short(batch.seconds)) s"
            + (batch.complete ? "" : ", not complete")
        ))
    }
    if let catchUp {
      let text =
        "\(catchUp.entries) entries in \(catchUp.blocks) blocks, \(Figure.short(catchUp.startSeconds)) s to start and "
        + "\(Figure.short(catchUp.seconds)) s to catch up: \(Figure.whole(catchUp.entriesPerSecond)) entries/s"
      rows.append(("catch-up", text))
    }
    if let newNode {
      let text =
        "\(newNode.agents) agents on the ledger, \(Figure.short(Double(newNode.snapshotBytes) / 1e6)) MB of snapshot: ready "
        + "\(Figure.short(newNode.seconds)) s after its start"
      rows.append(("new node", text))
    }
    for node in nodes {
      let memory = node.residentBytes.map { "\(Figure.short(Double($0) / 1e6)) MB of memory, " } ?? ""
      rows.append((node.name, memory + "\(Figure.short(Double(node.diskBytes) / 1e6)) MB on disk, \(node.leaderTimeouts) late leaders"))
    }
    if let logEntryCount, let diskBytesPerEntry {
      rows.append(("log", "\(logEntryCount) entries, \(Figure.whole(diskBytesPerEntry)) bytes on disk each"))
    }
    if let clientResidentBytes { rows.append(("client", "\(Figure.short(Double(clientResidentBytes) / 1e6)) MB of memory")) }
    return rows
  }
}

extension RevocationLatency {
  fileprivate var text: String { Figure.pair(latency) + (slowestMs.map { ", slowest \(Figure.short($0)) ms" } ?? "") }
}

extension WANFigures {
  fileprivate var rows: [(String, String)] {
    let hops =
      fromLeaderHops.map { ", at the median \(Figure.short($0)) times the way of \(Figure.milliseconds(oneWayMs)) ms (least: 3)" } ?? ""
    var rows = [
      ("from the leader", "\(Figure.pair(fromLeader)) until a lone transaction is final\(hops)"),
      ("from any node", "\(Figure.pair(underLoad)) beside \(Figure.whole(loadPerSecond)) transactions/s"),
    ]
    if let longest = withoutCommitMs.max() {
      let each = withoutCommitMs.map(Figure.whole).joined(separator: ", ")
      rows.append(("leader lost", "\(Figure.whole(longest)) ms without a new block at most (\(each)), killed under load"))
    }
    return rows
  }
}

extension MachineLimits {
  fileprivate var rows: [(String, String)] {
    [
      (
        "Ed25519 checks",
        "\(Figure.whole(signatureChecksPerSecondOneCore))/s one core, \(Figure.whole(signatureChecksPerSecondAllCores))/s all cores"
      ),
      (
        "curve point checks",
        "\(Figure.whole(pointChecksPerSecondOneCore))/s one core, \(Figure.whole(pointChecksPerSecondAllCores))/s all cores"
      ),
      ("SHA-256 of 64 bytes", "\(Figure.whole(hashesPerSecondOneCore))/s one core"),
      ("durable SQLite commit", Figure.pair(durableTransaction)), ("file sync", Figure.pair(fileSync)),
      ("loopback round trip", loopbackRoundTripP50Us.map { "p50 \(Figure.short($0)) us" } ?? ""),
    ]
  }
}

/// Numbers for people.
enum Figure {
  /// With a comma before every third digit.
  static func whole(_ value: Double) -> String {
    let digits = Array(String(format: "%.0f", value))
    return String(
      digits.enumerated().flatMap { index, digit in
        let left = digits.count - index
        return index > 0 && left % 3 == 0 && digits[index - 1].isNumber ? [",", digit] : [digit]
      })
  }

  /// Three digits that say something.
  static func short(_ value: Double) -> String {
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
    return String(format: "%.\(digits)f", value)
  }

  static func milliseconds(_ value: Double?) -> String { value.map(short) ?? "" }
  static func percent(_ share: Double) -> String { short(share * 100) + " %" }

  static func pair(_ latency: Latency?) -> String {
    latency.map { "p50 \(short($0.p50Ms)) ms, p99 \(short($0.p99Ms)) ms" } ?? ""
  }
}

/// Columns: the first to the left, the others to the right.
enum TextTable {
  static func aligned(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, text in
        let space = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + space : space + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
