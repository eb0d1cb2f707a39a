import CairnCrypto

extension Signers {
  /// How many of the controls meet their update thresholds when each key counts for one of them: whoever has one key has one voice, however
  /// many DIDs list it.
  ///
  /// One after the other: first whoever needs the fewest keys, and of its keys those that the fewest others list. That finds all who share no
  /// key. Of those who share some it may find fewer than the best choice would, never more.
  func approvalCount(of controls: [Control]) -> Int {
    var (free, waiting, count) = (Set(keys), controls, 0)
    while let next = waiting.indices.compactMap({ index in selection(for: waiting[index], of: free, among: controls).map { (index, $0) } })
      .min(by: { $0.1.count < $1.1.count })
    {
      free.subtract(next.1)
      waiting.remove(at: next.0)
      count += 1
    }
    return count
  }

  /// Keys that meet the control's threshold; `nil` when the free ones do not.
  private func selection(for control: Control, of free: Set<PublicKey>, among controls: [Control]) -> [PublicKey]? {
    let candidates = control.update.filter { free.contains($0.key) }.map { candidate in
      (key: candidate, users: controls.count { $0.update.contains { $0.key == candidate.key } })
    }
    var (sum, selection): (UInt64, [WeightedKey]) = (0, [])
    for candidate in candidates.sorted(by: { ($0.users, $1.key.weight, $0.key.key) < ($1.users, $0.key.weight, $1.key.key) }) {
      guard sum < UInt64(control.updateThreshold) else { break }
      sum += UInt64(candidate.key.weight)
      selection.append(candidate.key)
    }
    guard sum >= UInt64(control.updateThreshold) else { return nil }
    // What a later key made superfluous.
    for candidate in selection.reversed() where sum - UInt64(candidate.weight) >= UInt64(control.updateThreshold) {
      sum -= UInt64(candidate.weight)
      selection.removeAll { $0.key == candidate.key }
    }
    return selection.map(\.key)
  }
}
