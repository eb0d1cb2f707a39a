package import CairnCrypto
import Foundation
package import NIOCore
import NIOPosix

/// What a node takes from its surroundings, so that a simulation can put others in their place.
package struct NodeEnvironment: Sendable {
  /// Consensus and the links to the other validators; its clock is the node's.
  package var loop: any EventLoop
  /// Verify signatures.
  package var signatures: any Workers
  /// How many of these work at once.
  package var signatureCount: Int
  /// One at a time: writes the chain and the safety records.
  package var disk: any Workers
  /// One at a time: writes the state.
  package var state: any Workers
  /// Answer other validators from the disk.
  package var readers: any Workers
  /// One at a time: makes snapshots.
  package var snapshots: any Workers
  /// Read for streams of events.
  package var events: any Workers
  /// Unix time in milliseconds.
  package var wallClock: @Sendable () -> UInt64
  package var scheme: any SignatureScheme

  package init(
    loop: any EventLoop, signatures: any Workers, signatureCount: Int, disk: any Workers, state: any Workers,
    readers: any Workers, snapshots: any Workers,
    events: any Workers,
    wallClock: @escaping @Sendable () -> UInt64, scheme: any SignatureScheme
  ) {
    (self.loop, self.wallClock, self.scheme) = (loop, wallClock, scheme)
    (self.signatureCount, self.snapshots) = (signatureCount, snapshots)
    (self.signatures, self.disk, self.state, self.readers, self.events) = (signatures, disk, state, readers, events)
  }

  /// Production.
  init(loop: any EventLoop, threads: NodeThreads) {
    self.init(
      loop: loop, signatures: threads.signatures, signatureCount: NodeThreads.signatureCount,
      disk: threads.disk, state: threads.state,
      readers: threads.readers, snapshots: threads.snapshots,
      events: threads.events, wallClock: { UInt64(Date().timeIntervalSince1970 * 1000) }, scheme: Ed25519())
  }
}
