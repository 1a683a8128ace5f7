using Puna.Engine;

namespace Puna.Cli.Terminal.LineEditing;

/// <summary>Takes messages of a user, one after the other.</summary>
internal interface ILineReader
{
    /// <summary>The next message.</summary>
    /// <exception cref="InputException">It is no valid UTF-8, or too long.</exception>
    EnteredLine Read(CancellationToken cancellation);
}
