namespace Puna.Cli.Terminal.LineEditing;

/// <summary>What was entered before, in the memory of the process only. Stepping through it starts from a draft, which is kept.</summary>
internal sealed class LineHistory
{
    private readonly List<string> _entries = [];
    private int _position;
    private string _draft = "";

    /// <summary>Takes an entry as the newest, unless it is blank or the newest already, and goes back to the draft.</summary>
    public void Add(string entry)
    {
        if (!string.IsNullOrWhiteSpace(entry) && (_entries.Count == 0 || _entries[^1] != entry))
        {
            _entries.Add(entry);
        }

        _position = _entries.Count;
    }

    /// <summary>The entry before the present one, or null when that is the oldest.</summary>
    /// <param name="current">What is being edited; kept as the draft when the way back begins.</param>
    public string? Previous(string current)
    {
        if (_position == 0)
        {
            return null;
        }

        if (_position == _entries.Count)
        {
            _draft = current;
        }

        return _entries[--_position];
    }

    /// <summary>The entry behind the present one, at last the draft; null when that is being edited.</summary>
    public string? Next()
    {
        if (_position == _entries.Count)
        {
            return null;
        }

        return ++_position == _entries.Count ? _draft : _entries[_position];
    }
}
