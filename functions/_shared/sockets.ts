/**
 * The sockets under deno-postgres: it has no option for TCP_NODELAY and no way to abandon a connection that
 * does not answer, so `Deno.connect` and `Deno.startTls` are wrapped once, before the first connection.
 *
 * Without TCP_NODELAY each parameterised query takes 44 ms on Linux: the driver writes every protocol message
 * by itself, and Nagle's algorithm holds the second back until the server's delayed acknowledgement.
 */

let following: SocketTrail | undefined;
const trails = new WeakMap<Deno.Conn, SocketTrail>();

/**
 * The sockets that one connection has opened, so that it can be cut off in whatever state it is. In the middle of a
 * TLS handshake Deno forgets the socket when it is closed, but lets go of it only when the other side does.
 */
export class SocketTrail {
  #sockets: Deno.Conn[] = [];
  #cut = false;

  /** Runs `work`, keeping the socket that it begins to open before it first waits for anything. */
  follow<T>(work: () => Promise<T>): Promise<T> {
    following = this;
    try {
      return work();
    } finally {
      following = undefined;
    }
  }

  /** Closes the sockets at once, and one that is still being opened as soon as it is. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets.splice(0)) close(socket);
  }

  /** Called by the wrapped functions. */
  add(socket: Deno.Conn): void {
    trails.set(socket, this);
    if (this.#cut) close(socket);
    else this.#sockets.push(socket);
  }
}

let prepared = false;

/**
 * Makes every TCP connection of this process send at once. In a runtime whose Deno object cannot be changed,
 * connections stay as they are: slower, and closed by the driver's own means only.
 */
export function prepareSockets(): void {
  if (prepared) return;
  prepared = true;
  const { connect, startTls } = Deno;
  Reflect.set(Deno, "connect", async (options: Deno.ConnectOptions) => {
    const trail = following;
    const socket = await connect(options);
    sendAtOnce(socket);
    trail?.add(socket);
    return socket;
  });
  Reflect.set(Deno, "startTls", async (plain: Deno.TcpConn, options?: Deno.StartTlsOptions) => {
    const socket = await startTls(plain, options);
    trails.get(plain)?.add(socket);
    return socket;
  });
}

function sendAtOnce(socket: Deno.Conn): void {
  try {
    // Absent on Unix sockets, which do not wait.
    if ("setNoDelay" in socket) (socket as Deno.TcpConn).setNoDelay(true);
  } catch {
    // A slow connection is better than none.
  }
}

function close(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch {
    // Closed already, or handed over to TLS.
  }
}
