using Puna.Cli.Terminal.LineEditing;

namespace Puna.EndToEnd.Tests.LineEditing;

/// <summary>A window whose keys, and sizes, are known beforehand; behind the last key it is cancelled.</summary>
internal sealed class ScriptedKeys(IEnumerable<ConsoleKeyInfo> keys, int columns, int rows)
    : IKeySource
{
    private readonly Queue<ConsoleKeyInfo> _keys = new(keys);

    /// <inheritdoc/>
    public int Columns { get; set; } = columns;

    /// <inheritdoc/>
    public int Rows => rows;

    /// <summary>Called behind the last key: types more, or cancels.</summary>
    public required Action Exhausted { get; init; }

    /// <summary>Types more.</summary>
    public void Add(IEnumerable<ConsoleKeyInfo> more)
    {
        foreach (var key in more)
        {
            _keys.Enqueue(key);
        }
    }

    /// <inheritdoc/>
    public ConsoleKeyInfo? Read(CancellationToken cancellation)
    {
        if (_keys.TryDequeue(out var key))
        {
            return key;
        }

        Exhausted();
        return null;
    }
}
