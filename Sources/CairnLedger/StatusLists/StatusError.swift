/// Why an answer about a status is not believed.
public enum StatusError: Error, Equatable, Sendable {
  case stateValue(RecordError)
  case wrongType
  case recordHash
  case record(RecordError)
  /// Of another list than the one that was asked for.
  case wrongList
  /// Something is there although its absence is proven, or the other way round.
  case absence
  /// The list has no such bit, so that no honest node answers.
  case indexOutOfRange
  /// Not what was in force at the moment that was asked for.
  case version(VersionError)
  /// Not the page that was asked for, or one that does not end where it says.
  case wrongPage

  /// Machine readable.
  public var reason: String {
    switch self {
    case .stateValue: "bad_state_value"
    case .wrongType: "wrong_state_type"
    case .recordHash: "record_hash_mismatch"
    case .record: "bad_record"
    case .wrongList: "wrong_status_list"
    case .absence: "absence_mismatch"
    case .indexOutOfRange: "status_index_out_of_range"
    case .version(let error): error.reason
    case .wrongPage: "wrong_page"
    }
  }
}
