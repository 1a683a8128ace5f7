using System.Diagnostics;
using System.Globalization;

namespace Puna.Testing;

/// <summary>Makes files that .NET cannot make, and runs small programs of the system for it.</summary>
public static class SpecialFiles
{
    /// <summary>What is no regular file; a device has its own node, never that of the system.</summary>
    public static TheoryData<string> Kinds => ["pipe", "device", "socket", "folder"];

    /// <summary>Makes something of a kind; skips the test where that is not possible.</summary>
    public static void Make(string kind, string path)
    {
        if (kind == "folder")
        {
            Directory.CreateDirectory(path);
            return;
        }

        Assert.SkipUnless(OperatingSystem.IsLinux(), $"a {kind} is made on Linux only");
        if (kind == "socket")
        {
            using var socket = new System.Net.Sockets.Socket(
                System.Net.Sockets.AddressFamily.Unix,
                System.Net.Sockets.SocketType.Stream,
                System.Net.Sockets.ProtocolType.Unspecified
            );
            socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));

            // Its name goes with the object; another name of it stays.
            Link(path, path + ".kept");
            socket.Dispose();
            File.Move(path + ".kept", path);
            return;
        }

        Assert.SkipUnless(
            kind == "pipe" ? Runs("mkfifo", path) : Runs("mknod", path, "c", "1", "3"),
            $"a {kind} cannot be made here"
        );
    }

    /// <summary>Gives a file a second name; skips the test where that is not possible.</summary>
    public static void Link(string path, string name) =>
        Assert.SkipUnless(Runs("ln", path, name), "a hard link cannot be made here");

    /// <summary>The number of a process that has ended.</summary>
    public static string DeadProcess()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a process is started on Linux only");
        using var process = Process.Start("true");
        process.WaitForExit();
        return process.Id.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>True when a program is there and ends well.</summary>
    public static bool Runs(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    UseShellExecute = false,
                    RedirectStandardError = true,
                }
            )!;
            _ = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
