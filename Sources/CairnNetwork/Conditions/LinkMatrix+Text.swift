/// What is wrong with the textual form of a ``LinkMatrix``.
public struct LinkMatrixError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case tooLong = "too_long"
    case sites
    case unknownSite = "unknown_site"
    case noDelay = "no_delay"
    case duration
    case loss
    case unknownOption = "unknown_option"
    case missingPair = "missing_pair"
  }

  public let reason: Reason
  /// From 1.
  public let line: Int
  /// The word that is wrong.
  public let word: String

  public var description: String {
    let problem =
      switch reason {
      case .tooLong: "the text is longer than \(LinkMatrix.byteLimit) bytes"
      case .sites: "\(word): the sites are named once, in the first line, each by another name, at most \(LinkMatrix.siteLimit)"
      case .unknownSite: "\(word) is not a site: write FROM TO DELAY with two of the sites, or * for all"
      case .noDelay: "there is no delay: write FROM TO DELAY, such as * * 50ms"
      case .duration: "\(word) is not a time: write a number and us, ms or s, at most \(PathConditions.delayLimit)"
      case .loss: "\(word) is not a loss: write a percentage from 0% to 50%"
      case .unknownOption: "\(word) is not known: use jitter=TIME and loss=PERCENT"
      case .missingPair: "nothing says how far it is \(word): add a line, or one for all before it (* * 1ms)"
      }
    return "line \(line): \(problem)"
  }
}

extension LinkMatrix {
  /// More than any matrix of a whole validator set takes.
  static let byteLimit = 64 << 10
  /// As many as a validator set has members.
  static let siteLimit = 31

  /// Reads the textual form: words between blanks or commas, `#` before what is for people.
  ///
  /// ```
  /// sites frankfurt dublin paris         # nodes are put there in turn
  /// * * 0.3ms                            # between all, within one site too; later lines win
  /// frankfurt dublin 12.5ms jitter=1ms   # both ways
  /// dublin > paris 9ms loss=0.01%        # one way alone
  /// ```
  /// Without `sites` there is only one, `*`.
  public init(text: String) throws(LinkMatrixError) {
    guard text.utf8.count <= Self.byteLimit else { throw LinkMatrixError(reason: .tooLong, line: 1, word: "") }
    var sites = [Self.anySite]
    var paths: [[PathConditions?]] = [[nil]]
    var isFirst = true
    var line = 0
    for content in text.split(separator: "\n", omittingEmptySubsequences: false) {
      line += 1
      let words = content.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "," || $0 == "\r" }.map(String.init)
      guard let first = words.first else { continue }
      defer { isFirst = false }
      if first == "sites" {
        sites = try Self.sites(Array(words.dropFirst()), isFirst: isFirst, line: line)
        paths = sites.map { _ in sites.map { _ in nil } }
      } else {
        let pair = try PairLine(words, line: line)
        let (from, to) = (try Self.positions(of: pair.from, in: sites, line: line), try Self.positions(of: pair.to, in: sites, line: line))
        for sender in from {
          for receiver in to {
            paths[sender][receiver] = pair.path
            if !pair.isOneWay { paths[receiver][sender] = pair.path }
          }
        }
      }
    }
    var complete: [[PathConditions]] = []
    for (from, row) in zip(sites, paths) {
      var known: [PathConditions] = []
      for (to, path) in zip(sites, row) {
        guard let path else { throw LinkMatrixError(reason: .missingPair, line: line, word: "from \(from) to \(to)") }
        known.append(path)
      }
      complete.append(known)
    }
    self.init(sites: sites, paths: complete)
  }

  private static func sites(_ names: [String], isFirst: Bool, line: Int) throws(LinkMatrixError) -> [String] {
    guard isFirst, !names.isEmpty, names.count <= siteLimit, Set(names).count == names.count, !names.contains(anySite) else {
      throw LinkMatrixError(reason: .sites, line: line, word: "sites")
    }
    return names
  }

  private static func positions(of name: String, in sites: [String], line: Int) throws(LinkMatrixError) -> [Int] {
    if name == anySite { return Array(sites.indices) }
    guard let position = sites.firstIndex(of: name) else { throw LinkMatrixError(reason: .unknownSite, line: line, word: name) }
    return [position]
  }
}

/// One line of the textual form: two sites and what lies between them.
private struct PairLine {
  let from: String
  let to: String
  let isOneWay: Bool
  private(set) var path: PathConditions

  init(_ words: [String], line: Int) throws(LinkMatrixError) {
    isOneWay = words.count > 1 && words[1] == ">"
    let names = isOneWay ? [words[0]] + words.dropFirst(2) : words
    guard names.count >= 3 else { throw LinkMatrixError(reason: .noDelay, line: line, word: words[0]) }
    (from, to) = (names[0], names[1])
    path = PathConditions(delay: try Self.duration(names[2], line: line))
    for option in names.dropFirst(3) {
      let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
      switch (parts.first, parts.count) {
      case ("jitter", 2): path.jitter = try Self.duration(parts[1], line: line)
      case ("loss", 2): path.loss = try Self.share(parts[1], line: line)
      default: throw LinkMatrixError(reason: .unknownOption, line: line, word: option)
      }
    }
  }

  private static func duration(_ word: String, line: Int) throws(LinkMatrixError) -> Duration {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)]
    guard let (unit, microseconds) = units.first(where: { word.hasSuffix($0.0) }), let number = number(word.dropLast(unit.count)),
      number * microseconds <= PathConditions.delayLimit / .microseconds(1)
    else { throw LinkMatrixError(reason: .duration, line: line, word: word) }
    return .microseconds(Int64(number * microseconds))
  }

  private static func share(_ word: String, line: Int) throws(LinkMatrixError) -> Double {
    guard word.hasSuffix("%"), let percent = number(word.dropLast()), percent / 100 <= PathConditions.lossLimit else {
      throw LinkMatrixError(reason: .loss, line: line, word: word)
    }
    return percent / 100
  }

  /// Digits and at most one point: nothing negative, no infinity.
  private static func number(_ text: Substring) -> Double? {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }) else { return nil }
    return Double(text)
  }
}
