public import CairnIdentity

extension CairnClient {
  /// Resolves a stream of DIDs, many at a time; the answers come in the order of the DIDs.
  ///
  /// One DID without an answer does not end the sequence. DIDs are taken no faster than answers are.
  ///
  /// - Parameter inFlight: how many are asked for, or wait to be taken, at a time.
  public func resolveMany<DIDs: AsyncSequence & Sendable>(_ dids: DIDs, inFlight: Int = 64) -> Resolutions
  where DIDs.Element == CairnDID, DIDs.AsyncIterator: SendableMetatype {
    Resolutions(inFlight: inFlight) { [self] window in
      for try await did in dids where await window.enter() { window.put(did, Task { await outcome(of: did) }) }
    }
  }

  public func resolveMany(_ dids: [CairnDID], inFlight: Int = 64) -> Resolutions {
    Resolutions(inFlight: inFlight) { [self] window in
      for did in dids where await window.enter() { window.put(did, Task { await outcome(of: did) }) }
    }
  }

  private func outcome(of did: CairnDID) async -> Result<Resolution, CairnError> {
    do throws(CairnError) { return .success(try await resolution(of: did)) } catch { return .failure(error) }
  }
}
