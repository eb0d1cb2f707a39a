import CairnClient
import CairnLedger

/// Files about sessions.
enum SessionFiles {
  static func readPresentation(_ path: String) throws(CommandFailure) -> SessionPresentation {
    let bytes = try Files.read(path, "session", limit: SessionPresentation.byteLimit + 1)
    do { return try SessionPresentation(decoding: bytes) } catch {
      throw .refused(error.reason, "\(path) is not a session, or it is damaged: make it again with cairn session present.")
    }
  }

  static func readBatch(_ path: String) throws(CommandFailure) -> SessionBatchFile {
    let bytes = try Files.read(path, "session batch", limit: SessionBatchFile.byteLimit + 1)
    do { return try SessionBatchFile(decoding: bytes) } catch {
      throw .refused(error.reason, "\(path) is not a session batch, or it is damaged: restore it from a copy.")
    }
  }
}
