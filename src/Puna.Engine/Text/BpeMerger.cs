namespace Puna.Engine.Text;

/// <summary>
/// Byte-pair merging of a word of any length. A long one is merged window by window, so that time and memory grow with
/// its length alone. That is exact: if the pieces of a text are such that each two neighbours, merged by themselves, stay
/// those two pieces, no merge of the whole text can be the first to cross a border between them, for the two beside that
/// border would have crossed it too. Neighbours inside a window are so because they came out of one merging; the two at a
/// seam are merged to see. Reusable, not safe to share.
/// </summary>
internal sealed class BpeMerger
{
    private const int Window = 2048;

    // More than a piece has units: what follows a window decides about its last pieces.
    private const int Margin = 256;
    private const int MostRetreats = 16;
    private readonly BpeQueue _queue = new();
    private readonly BpeQueue _seam = new();
    private readonly List<BpeSymbol> _pieces = [];
    private readonly List<BpeSymbol> _waiting = [];
    private int _start;
    private int _end;

    /// <summary>Merges a word and hands it what is left, in order.</summary>
    public void Merge<TWord>(ref TWord word, IPairTable pairs)
        where TWord : IBpeWord, allows ref struct
    {
        if (!TryMerge(ref word, pairs, Window))
        {
            word.Restart();
            TryMerge(ref word, pairs, int.MaxValue);
        }
    }

    /// <summary>False when a seam was found nowhere: a vocabulary whose pieces depend on what is far away.</summary>
    private bool TryMerge<TWord>(ref TWord word, IPairTable pairs, int window)
        where TWord : IBpeWord, allows ref struct
    {
        _waiting.Clear();
        (_start, _end) = (0, -1);
        var retreats = 0;
        for (var from = 0; ; )
        {
            MergeWindow(ref word, pairs, from, window);
            if (!HoldsSeam(ref word, pairs))
            {
                if (++retreats > MostRetreats || _waiting.Count == 1)
                {
                    return false;
                }

                from = _waiting[^1].Start;
                _waiting.RemoveAt(_waiting.Count - 1);
                continue;
            }

            Accept(ref word, _waiting);
            if (_end == word.Length)
            {
                Accept(ref word, _pieces);
                return true;
            }

            var kept = _pieces.FindLastIndex(piece => piece.Start <= _end - Margin);
            if (kept < 1)
            {
                return false;
            }

            from = _pieces[kept].Start;
            _waiting.Clear();
            for (var index = 0; index < kept; index++)
            {
                _waiting.Add(_pieces[index]);
            }

            retreats = 0;
        }
    }

    private static void Accept<TWord>(ref TWord word, List<BpeSymbol> pieces)
        where TWord : IBpeWord, allows ref struct
    {
        foreach (var piece in pieces)
        {
            word.Accept(piece);
        }
    }

    private void MergeWindow<TWord>(ref TWord word, IPairTable pairs, int from, int window)
        where TWord : IBpeWord, allows ref struct
    {
        // Long words are mostly one thing over and over: the same units merge to the same pieces.
        var length = _end - _start;
        if (length == window && from + length <= word.Length && word.IsSame(_start, from, length))
        {
            for (var index = 0; index < _pieces.Count; index++)
            {
                var piece = _pieces[index];
                piece.Start += from - _start;
                _pieces[index] = piece;
            }

            (_start, _end) = (from, from + length);
            return;
        }

        _start = from;
        _end = _queue.Merge(ref word, pairs, from, Math.Min(window, word.Length - from));
        _pieces.Clear();
        _queue.CopyTo(_pieces);
    }

    private bool HoldsSeam<TWord>(ref TWord word, IPairTable pairs)
        where TWord : IBpeWord, allows ref struct
    {
        if (_waiting.Count == 0 || _pieces.Count == 0)
        {
            return true;
        }

        var (left, right) = (_waiting[^1], _pieces[0]);
        var length = right.Start + right.Length - left.Start;
        _ = _seam.Merge(ref word, pairs, left.Start, length);
        return _seam.HasBorderAt(right.Start);
    }
}
