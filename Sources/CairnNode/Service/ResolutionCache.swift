import CairnCrypto
import Synchronization

/// Encoded resolutions by the row of the state that commits to them: a row has one record, and a record one document, so that an
/// entry is never wrong and never needs to be dropped for a newer one.
///
/// Two generations: what was not asked for while one generation filled up is forgotten with it.
final class ResolutionCache: Sendable {
  private struct Generations {
    var young: [[UInt8]: [UInt8]] = [:]
    var old: [[UInt8]: [UInt8]] = [:]
    var youngByteCount = 0
  }

  /// Of one generation.
  private let byteLimit: Int
  private let generations = Mutex(Generations())

  /// - Parameter byteLimit: of both generations: 64 MiB are about fifty thousand DIDs.
  init(byteLimit: Int = 64 << 20) { self.byteLimit = byteLimit / 2 }

  subscript(row: [UInt8]) -> [UInt8]? {
    generations.withLock { generations in
      if let known = generations.young[row] { return known }
      guard let known = generations.old[row] else { return nil }
      insert(known, for: row, into: &generations)
      return known
    }
  }

  func insert(_ resolution: [UInt8], for row: [UInt8]) {
    generations.withLock { insert(resolution, for: row, into: &$0) }
  }

  private func insert(_ resolution: [UInt8], for row: [UInt8], into generations: inout Generations) {
    guard generations.young.updateValue(resolution, forKey: row) == nil else { return }
    // A dictionary's own room for an entry, about.
    generations.youngByteCount += row.count + resolution.count + 128
    guard generations.youngByteCount > byteLimit else { return }
    generations.old = generations.young
    generations.young = [:]
    generations.youngByteCount = 0
  }
}
