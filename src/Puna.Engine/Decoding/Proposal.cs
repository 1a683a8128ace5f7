namespace Puna.Engine.Decoding;

/// <summary>
/// Rows that are run at once behind the committed ids. The first ones are given: the ids that are known but not computed,
/// which is the token chosen last, or the rest of a prompt. A decoder adds guesses at what follows, as nodes of a tree whose
/// root is the last given row, or makes all rows one block. By default the logits after the root and after each added row
/// are computed, in this order. Used again for each step; allocates nothing.
/// </summary>
public sealed class Proposal
{
    private readonly int[] _tokens;
    private readonly int[] _parents;
    private readonly int[] _logitRows;
    private readonly int[] _path;
    private int _asked;
    private int _kept;

    /// <summary>Makes a proposal of at most <paramref name="capacity"/> rows.</summary>
    public Proposal(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _tokens = new int[capacity];
        _parents = new int[capacity];
        _logitRows = new int[capacity];
        _path = new int[capacity];
    }

    /// <summary>Most rows of this step, the given ones included: few near the end of the context.</summary>
    public int Capacity { get; private set; }

    /// <summary>Rows.</summary>
    public int Count { get; private set; }

    /// <summary>The last given row; those before it are given too.</summary>
    public int Root { get; private set; }

    /// <summary>True when every row follows the one before it.</summary>
    public bool IsChain { get; private set; }

    /// <summary>True when every row sees every other.</summary>
    public bool IsBlock { get; private set; }

    /// <summary>Whether what the head reads is wanted beside the logits, at the same rows.</summary>
    public bool WantsHidden { get; set; }

    /// <summary>Token of each row.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>Parent of each row; -1 for the first.</summary>
    public ReadOnlySpan<int> Parents => _parents.AsSpan(0, Count);

    /// <summary>Rows whose logits are computed.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, _asked);

    /// <summary>The rows kept so far: see <see cref="BeginPath"/>.</summary>
    public ReadOnlySpan<int> Path => _path.AsSpan(0, _kept);

    /// <summary><see cref="Parents"/> in a form that may be stored, empty for a chain and a block; good until the proposal changes.</summary>
    internal ReadOnlyMemory<int> TreeParents =>
        IsChain || IsBlock ? default : _parents.AsMemory(0, Count);

    /// <summary>Adds a row and asks for its logits.</summary>
    /// <param name="token">The token.</param>
    /// <param name="parent">The row that it follows: the root or an added one.</param>
    /// <returns>Its number.</returns>
    public int Add(int token, int parent)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(Count, Capacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(parent, Root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(parent, Count);
        Put(token, parent);
        Ask(Count - 1);
        return Count - 1;
    }

    /// <summary>
    /// Makes all rows a block: each sees the committed tokens and every row, at positions in the order of the rows. No row's
    /// logits are asked for then, until <see cref="Ask"/> does.
    /// </summary>
    public void MakeBlock()
    {
        IsBlock = true;
        _asked = 0;
    }

    /// <summary>Asks for the logits of one more row.</summary>
    public void Ask(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Count);
        _logitRows[_asked++] = row;
    }

    /// <summary>The first child of a row that has this token, or -1.</summary>
    public int FindChild(int parent, int token)
    {
        for (var row = parent + 1; row < Count; row++)
        {
            if (_parents[row] == parent && _tokens[row] == token)
            {
                return row;
            }
        }

        return -1;
    }

    /// <summary>Begins the path that <see cref="Verdict.Keep"/> takes, with the given rows.</summary>
    public void BeginPath()
    {
        for (_kept = 0; _kept <= Root; _kept++)
        {
            _path[_kept] = _kept;
        }
    }

    /// <summary>Puts an added row at the end of the path; its parent must be there now.</summary>
    public void Keep(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(_parents[row], _path[_kept - 1]);
        _path[_kept++] = row;
    }

    /// <summary>Begins a step.</summary>
    /// <param name="given">Ids that are known but not computed, at least one.</param>
    /// <param name="room">Rows that may be added, where the capacity allows it.</param>
    internal void Begin(ReadOnlySpan<int> given, int room)
    {
        ArgumentOutOfRangeException.ThrowIfZero(given.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(given.Length, _tokens.Length);
        Capacity = Math.Min(given.Length + room, _tokens.Length);
        (Count, _asked, _kept) = (0, 0, 0);
        (IsChain, IsBlock, WantsHidden) = (true, false, false);
        foreach (var id in given)
        {
            Put(id, Count - 1);
        }

        Root = Count - 1;
        Ask(Root);
    }

    private void Put(int token, int parent)
    {
        IsChain &= parent == Count - 1;
        _tokens[Count] = token;
        _parents[Count++] = parent;
    }
}
