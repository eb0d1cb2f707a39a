import Foundation

/// A Python with `pydid` and `cryptography`: the one that is there, or a virtual environment in a temporary directory.
struct PythonEnvironment: Sendable {
  let python: String
  /// Made for this, and not needed afterwards.
  private let directory: String?

  /// `nil` when there is no Python, or the packages can be had from nowhere.
  static let shared: Task<PythonEnvironment?, Never> = Task { await prepare() }

  private static func prepare() async -> PythonEnvironment? {
    let found = ["/usr/bin/python3", "/usr/local/bin/python3"].first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let system = found else { return nil }
    let existing = PythonEnvironment(python: system)
    if await existing.run(["-c", "import pydid, cryptography"])?.status == 0 { return existing }
    let directory = FileManager.default.temporaryDirectory.appending(path: "cairn-interop-\(UUID().uuidString)").path
    let made = PythonEnvironment(python: directory + "/bin/python3", directory: directory)
    guard await existing.run(["-m", "venv", directory])?.status == 0 else {
      made.discard()
      return nil
    }
    let install = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10", "pydid==0.5.3", "cryptography"]
    if await made.run(install)?.status == 0 { return made }
    made.discard()
    return nil
  }

  private init(python: String, directory: String? = nil) { (self.python, self.directory) = (python, directory) }

  /// Removes what was made.
  func discard() {
    if let directory { try? FileManager.default.removeItem(atPath: directory) }
  }

  /// `nil` when it cannot be started.
  func run(_ arguments: [String]) async -> (status: Int32, output: Data, errors: String)? {
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    let ended = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { ended.continuation.yield($0.terminationStatus) }
    guard (try? process.run()) != nil else { return nil }
    let status = await ended.stream.first { _ in true } ?? -1
    let text = (try? errors.fileHandleForReading.readToEnd()) ?? nil
    let data = (try? output.fileHandleForReading.readToEnd()) ?? nil
    return (status, data ?? Data(), String(decoding: text ?? Data(), as: UTF8.self))
  }
}
