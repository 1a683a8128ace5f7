namespace Puna.Cli.Terminal.LineEditing;

/// <summary>Edits messages in a terminal: its keys, a buffer with a history, and a painter.</summary>
internal sealed class LineEditor(IKeySource keys, TextWriter output) : ILineReader
{
    private readonly LineHistory _history = new();
    private readonly LineBuffer _buffer = new();
    private readonly LinePainter _painter = new(output);

    /// <inheritdoc/>
    public EnteredLine Read(CancellationToken cancellation)
    {
        using var paste = new BracketedPaste(output);
        var decoder = new KeyDecoder();
        _buffer.Set("");
        Paint();
        while (!cancellation.IsCancellationRequested)
        {
            if (keys.Read(cancellation) is not { } pressed)
            {
                Paint();
                continue;
            }

            var key = decoder.Decode(pressed);
            if (key.Action == EditAction.Submit && !GoesOn())
            {
                return Entered();
            }

            if (key.Action == EditAction.EndOrDelete && _buffer.Text.Length == 0)
            {
                _painter.Wipe(keys.Columns);
                return new EnteredLine(LineEnd.EndOfInput, "");
            }

            if (key.Action != EditAction.None)
            {
                Edit(key);
                Paint();
            }
        }

        // What is cleared can be had again.
        _history.Add(_buffer.Text);
        _painter.Wipe(keys.Columns);
        return new EnteredLine(LineEnd.Cancelled, _buffer.Text);
    }

    private bool GoesOn()
    {
        if (MessageText.GoesOn(_buffer.Text) is not { } longer)
        {
            return false;
        }

        _buffer.Set(longer);
        return true;
    }

    private EnteredLine Entered()
    {
        _history.Add(_buffer.Text);
        _painter.Finish(Layout(), keys.Columns);
        return new EnteredLine(LineEnd.Entered, MessageText.Content(_buffer.Text));
    }

    private LineLayout Layout() => new(_buffer.Text, _buffer.Cursor, keys.Columns);

    private void Paint() => _painter.Paint(Layout(), keys.Columns, keys.Rows);

    private void Edit(EditKey key)
    {
        switch (key.Action)
        {
            case EditAction.Insert:
                _buffer.Insert(key.Text);
                break;
            case EditAction.NewLine:
                _buffer.Insert("\n");
                break;
            case EditAction.Left:
                _buffer.MoveLeft();
                break;
            case EditAction.Right:
                _buffer.MoveRight();
                break;
            case EditAction.WordLeft:
                _buffer.MoveWordLeft();
                break;
            case EditAction.WordRight:
                _buffer.MoveWordRight();
                break;
            case EditAction.Home:
                _buffer.MoveHome();
                break;
            case EditAction.End:
                _buffer.MoveEnd();
                break;
            case EditAction.Up:
                if (!_buffer.MoveUp() && _history.Previous(_buffer.Text) is { } previous)
                {
                    _buffer.Set(previous);
                }

                break;
            case EditAction.Down:
                if (!_buffer.MoveDown() && _history.Next() is { } next)
                {
                    _buffer.Set(next);
                }

                break;
            case EditAction.DeleteBack:
                _buffer.DeleteBack();
                break;
            case EditAction.DeleteForward or EditAction.EndOrDelete:
                _buffer.DeleteForward();
                break;
            case EditAction.KillToStart:
                _buffer.KillToStart();
                break;
            case EditAction.KillToEnd:
                _buffer.KillToEnd();
                break;
            case EditAction.KillWord:
                _buffer.KillWord();
                break;
            case EditAction.Yank:
                _buffer.Yank();
                break;
            case EditAction.ClearScreen:
                _painter.ClearWindow();
                break;
            default:
                break;
        }
    }
}
