/// Inputs for one target, one after the other: the seeds first, then what mutations make of them and of what was accepted. The same inputs for
/// the same seed.
public struct FuzzRun {
  /// Accepted inputs to go on from. Beyond it new ones take the place of old ones.
  private static let corpusLimit = 4_096

  public let target: FuzzTarget
  private let mutator: Mutator
  private var random: FuzzRandom
  private var corpus: [[UInt8]]
  private let seedCount: Int
  public private(set) var inputCount = 0
  public private(set) var acceptedCount = 0

  /// - Parameter vectors: the folder of third parties' vectors; `nil` to go without.
  public init(_ target: FuzzTarget, seed: UInt64, vectors: String? = nil) throws {
    self.target = target
    mutator = Mutator(target)
    random = FuzzRandom(seed: seed)
    let seeds = try target.seeds() + target.vectors.flatMap { path in try vectors.map { try FuzzVectors.read("\($0)/\(path)") } ?? [] }
    corpus = seeds.filter { $0.count <= target.byteLimit }
    seedCount = corpus.count
  }

  /// What comes next; the caller gives it to ``check(_:)``.
  public mutating func next() -> [UInt8] {
    defer { inputCount += 1 }
    if inputCount < seedCount { return corpus[inputCount] }
    let (one, other) = (random.pick(corpus) ?? [], random.pick(corpus) ?? [])
    return mutator.mutate(one, with: other, &random)
  }

  /// - Throws: ``FuzzFinding``.
  public mutating func check(_ input: [UInt8]) throws {
    guard try target.check(input) else { return }
    acceptedCount += 1
    guard inputCount > seedCount else { return }
    if corpus.count < seedCount + Self.corpusLimit {
      corpus.append(input)
    } else {
      corpus[seedCount + random.below(Self.corpusLimit)] = input
    }
  }
}

extension FuzzTarget {
  /// Gives the target one input.
  ///
  /// - Throws: ``FuzzFinding``.
  public func replay(_ input: [UInt8]) throws -> Bool { try check(input) }
}
