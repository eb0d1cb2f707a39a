public import CairnMerkle

/// Which version of a record was in force at a moment, a time or a height, proven by the record's newest version.
public enum VersionInForce: Hashable, Sendable {
  /// The one that the state has now.
  case newest
  case earlier(EarlierVersion)
  /// The record did not exist.
  case none

  /// Checks what a node says was in force.
  ///
  /// - Parameters:
  ///   - moment: Unix time in milliseconds, or a height.
  ///   - newest: since when the newest version is in force, in the same unit.
  ///   - earlier: what the newest version commits to.
  ///   - version: the one that was in force, unless that is the newest or none was.
  ///   - successor: the one that replaced it, or else the first, unless that is the newest.
  ///   - since: since when a version was in force, by the bytes of its record; `nil` for bytes that are no record.
  public static func verify(
    at moment: UInt64, newest: UInt64, earlier: LogFrontier, version: EarlierVersion?, successor: EarlierVersion?,
    since: ([UInt8]) -> UInt64?
  ) throws(VersionError) -> VersionInForce {
    for proven in [version, successor].compactMap(\.self) where !proven.isCommitted(by: earlier) { throw .notCommitted }
    guard newest > moment else {
      guard version == nil, successor == nil else { throw .wrongMoment }
      return .newest
    }
    if let version {
      guard let start = since(version.record), start <= moment else { throw .wrongMoment }
    }
    let next = version.map { $0.index + 1 } ?? 0
    if next == earlier.size {
      guard successor == nil else { throw .wrongMoment }
    } else {
      guard let successor, successor.index == next else { throw .wrongSuccessor }
      guard let end = since(successor.record), end > moment else { throw .wrongMoment }
    }
    return version.map(VersionInForce.earlier) ?? .none
  }

  /// Checks that what a node says is the version of this number is that one, and what followed it.
  ///
  /// - Parameters:
  ///   - id: versions before the one that was asked for.
  ///   - newest: versions before the newest one, all of which `earlier` has.
  ///   - version: the one with the number, unless that is the newest.
  ///   - successor: the one that replaced it, unless that is the newest.
  public static func verify(
    id: UInt64, newest: UInt64, earlier: LogFrontier, version: EarlierVersion?, successor: EarlierVersion?
  ) throws(VersionError) -> VersionInForce {
    for proven in [version, successor].compactMap(\.self) where !proven.isCommitted(by: earlier) { throw .notCommitted }
    guard id < newest else {
      guard id == newest, version == nil, successor == nil else { throw .wrongVersion }
      return .newest
    }
    guard let version, version.index == id else { throw .wrongVersion }
    guard successor?.index == (id + 1 < newest ? id + 1 : nil) else { throw .wrongSuccessor }
    return .earlier(version)
  }
}

/// Why an answer about the past is not believed.
public enum VersionError: String, Error, Hashable, Sendable, CaseIterable {
  /// The newest version does not commit to it.
  case notCommitted = "version_not_committed"
  /// Not the one that was in force.
  case wrongMoment = "version_of_other_moment"
  /// Not followed by the one that replaced it.
  case wrongSuccessor = "version_successor_missing"
  /// Another one than was asked for.
  case wrongVersion = "other_version"

  public var reason: String { rawValue }
}
