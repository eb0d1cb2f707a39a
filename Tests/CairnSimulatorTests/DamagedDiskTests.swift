import CairnChain
import CairnConsensus
import CairnNode
import CairnStore
import Testing

@testable import CairnSimulator

/// A disk that lies about what was written to it: whatever it says, a node signs nothing that contradicts what it signed before.
@Suite(.serialized) struct DamagedDiskTests {
  private static let databases = ["chain.db", "state.db", "index.db"]
  /// In a write-ahead log not every frame is tried, but about so many.
  private static let frameCount = 40

  /// One way of changing an image.
  private struct Damage {
    let name: String
    let image: DiskImage
    /// Whether the file holds nothing that cannot be made again.
    var isDerived: Bool { name.contains("state.db") || name.contains("index.db") }
  }

  @Test("Whatever bit of whatever file is flipped, cut off or of yesterday: no vote is forgotten without notice") func openings() throws {
    let stopped = try StoppedNode()
    let undamaged = try #require(startingPoint(stopped, stopped.killed))
    var outcomes: [String: Int] = [:]
    for (image, kind) in [(stopped.closed, "closed"), (stopped.killed, "killed")] {
      let expected = try #require(startingPoint(stopped, image))
      #expect(expected.votes == undamaged.votes && !expected.votes.isEmpty && expected.enteredView == undamaged.enteredView)
      for damage in damages(to: image, older: stopped.older) {
        outcomes[check(damage, stopped, expected, kind), default: 0] += 1
      }
    }
    // Each of the three ways out was taken.
    #expect(
      outcomes["follows", default: 0] > 20 && outcomes["refuses", default: 0] > 20 && outcomes["votes", default: 0] > 100, "\(outcomes)")
    _ = stopped.simulation.finish()
  }

  /// What the engine starts from.
  private func startingPoint(_ stopped: StoppedNode, _ image: DiskImage) -> RecoveredState? {
    guard case .opened(let opened) = stopped.open(image), opened.safetyDamage == nil else { return nil }
    return opened.consensus
  }

  /// - Returns: the outcome's name.
  private func check(_ damage: Damage, _ stopped: StoppedNode, _ expected: RecoveredState, _ kind: String) -> String {
    let what: Comment = "\(damage.name), \(kind)"
    switch stopped.open(damage.image) {
    case .refused(let sentence):
      #expect(!damage.isDerived, "\(what): \(sentence)")
      // What is wrong, and what to do about it.
      #expect(sentence.split(separator: ". ").count > 1, "\(what): \(sentence)")
      return "refuses"
    case .opened(let opened):
      let header = opened.consensus.finalized
      #expect(stopped.simulation.oracle.chain.headers[Int(header.height)] == header, what)
      guard opened.safetyDamage == nil else {
        #expect(!damage.isDerived && opened.consensus.votingDisabledReason != nil, what)
        return "follows"
      }
      #expect(opened.consensus.votingDisabledReason == nil, what)
      #expect(opened.consensus.votes == expected.votes && opened.consensus.enteredView == expected.enteredView, what)
      return "votes"
    }
  }

  private func damages(to image: DiskImage, older: DiskImage) -> [Damage] {
    let dice = Dice(seed: 3, purpose: 1)
    return image.keys.sorted().flatMap { name in
      flips(of: name, in: image, dice) + cuts(of: name, in: image) + swaps(of: name, in: image, older)
    }
  }

  /// In each region one bit of its first bytes, where headers are, and one anywhere.
  private func flips(of name: String, in image: DiskImage, _ dice: Dice) -> [Damage] {
    let count = image.count(of: name)
    guard count > 0 else { return [] }
    return regions(of: name, count).flatMap { region in
      [region.prefix(16), region].map { part in
        let bit = dice.pick(part.lowerBound...part.upperBound - 1) * 8 + dice.pick(0...7)
        return Damage(name: "\(name), bit \(bit)", image: image.changing(name) { $0.flip(bit: bit) })
      }
    }
  }

  /// Pages of databases, some frames of write-ahead logs, records of the safety log.
  private func regions(of name: String, _ count: Int) -> [Range<Int>] {
    let pageSize = name.contains("state.db") ? 16_384 : 4_096
    switch name {
    case _ where name.hasSuffix("-wal"):
      let frames = stride(from: 32, to: count, by: pageSize + 24).map { $0..<min(count, $0 + pageSize + 24) }
      return [0..<32] + stride(from: 0, to: frames.count, by: max(1, frames.count / Self.frameCount)).map { frames[$0] } + frames.suffix(3)
    case _ where name.hasSuffix(".db"): return stride(from: 0, to: count, by: pageSize).map { $0..<min(count, $0 + pageSize) }
    case _ where name.hasSuffix("safety.log"): return stride(from: 0, to: count, by: 700).map { $0..<min(count, $0 + 140) }
    default: return [0..<count]
    }
  }

  private func cuts(of name: String, in image: DiskImage) -> [Damage] {
    let count = image.count(of: name)
    let cuts = [0, 1, count / 3, count / 2, count - 4_096, count - 140, count - 1].filter { $0 >= 0 && $0 < count }
    return cuts.map { cut in Damage(name: "\(name) cut to \(cut)", image: image.changing(name) { $0.truncate(cut) }) }
  }

  /// Yesterday's file, with and without what belongs to it; or none.
  private func swaps(of name: String, in image: DiskImage, _ older: DiskImage) -> [Damage] {
    var (swapped, alone, gone) = (image, image, image)
    swapped[name] = older[name]?.snapshot()
    alone[name] = older[name]?.snapshot()
    alone[name + "-wal"] = nil
    gone[name] = nil
    return [("\(name) of yesterday", swapped), ("\(name) of yesterday without its log", alone), ("no \(name)", gone)].map {
      Damage(name: $0.0, image: $0.1)
    }
  }

  @Test("A node that comes back with a damaged disk contradicts nothing, and is mended or stands aside") func lives() throws {
    let stopped = try StoppedNode()
    let (simulation, node) = (stopped.simulation, stopped.node)
    let dice = Dice(seed: 4, purpose: 2)
    // Only its whole disk's loss makes a node contradict itself without its fault.
    node.damage = .bitFlip
    var outcomes: [String: Int] = [:]
    node.medium.restore(stopped.killed)
    for round in 0..<24 {
      let image = node.killedImage()
      let names = image.keys.filter { image.count(of: $0) > 0 }.sorted()
      let name = names[round % names.count]
      let bit = dice.pick(0...image.count(of: name) * 8 - 1)
      let older = stopped.older[name]
      node.medium.restore(
        round % 5 == 4 && older != nil
          ? image.merging([name: older?.snapshot()].compactMapValues(\.self)) { $1 } : image.changing(name) { $0.flip(bit: bit) })
      node.start()
      simulation.run(for: 1_200) { false }
      let isVoting = node.engine.map { $0.votingDisabledReason == nil } ?? false
      outcomes[node.life == nil ? "refuses" : isVoting ? "votes" : "follows", default: 0] += 1
      #expect(simulation.violation == nil, "\(name), bit \(bit)")
      guard !isVoting else { continue }
      // It signed nothing, and so its disk from before is as good as it was.
      node.bury()
      node.medium.restore(image)
      node.start()
      let isBack = simulation.run(for: 20_000) { node.engine.map { $0.votingDisabledReason == nil && $0.view > 1 } ?? false }
      #expect(isBack, "\(name), bit \(bit): \(simulation.situation)")
    }
    #expect(outcomes.count == 3, "\(outcomes)")
    simulation.mend()
    simulation.recover()
    #expect(simulation.violation == nil)
    _ = simulation.finish()
  }
}

extension Range<Int> {
  fileprivate func prefix(_ count: Int) -> Range<Int> { lowerBound..<Swift.min(upperBound, lowerBound + count) }
}
