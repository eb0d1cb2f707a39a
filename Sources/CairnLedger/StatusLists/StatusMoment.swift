/// When a status is asked for.
///
/// Of a moment after the newest header nobody can tell yet: the answer is the state after that header, as for ``now``.
public enum StatusMoment: Hashable, Sendable {
  case now
  case height(UInt64)
  /// Unix time.
  case time(milliseconds: UInt64)

  /// Whether something that began with this block had begun.
  package func isAtOrAfter(height: UInt64, milliseconds: UInt64) -> Bool {
    switch self {
    case .now: true
    case .height(let moment): height <= moment
    case .time(let moment): milliseconds <= moment
    }
  }
}
